#include "simulation/judge.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/limits.h"

namespace attestrd::sim {
namespace {

using namespace std::chrono_literals;

constexpr Duration kRateTolerance = 2ms;
// The rate reaches its floor by fewer refusals, even if polls overtake each other.
constexpr unsigned kRefusalsUntilPause = 60;

std::string_view reason_in(std::string_view record) {
  constexpr std::string_view kKey = R"("reason":")";
  const auto at = record.find(kKey);
  if (at == std::string_view::npos) return {};
  const auto rest = record.substr(at + kKey.size());
  return rest.substr(0, rest.find('"'));
}

}  // namespace

void Judge::violated(const HandshakeId& id, std::string what) {
  throw Violation{fmt::format("{}: {}", id.view(), what)};
}

void Judge::submitted(const HandshakeId& id, Mono deadline) {
  // After a merge, the expiry in force is not before the earlier of the two.
  const auto [life, is_new] = lives_.try_emplace(id);
  if (is_new || deadline < life->second.deadline) life->second.deadline = deadline;
}

void Judge::daemon_starts(const EngineSettings& settings) {
  settings_ = settings;
  rate_floor_ = Mono{};
  account_held_ = {};
  is_account_in_trouble_ = false;
  refusals_in_a_row_ = 0;
  for (auto& [id, life] : lives_) {
    life.earliest = Mono::min();
    life.is_answered_here = false;
    life.was_good = life.last_asked_at != Mono::min();  // As the queue may say.
  }
}

// Retry-After stays in force; the rate and the connections are those of the new settings.
void Judge::reconfigured(const EngineSettings& settings) {
  settings_ = settings;
  rate_floor_ = Mono{};
  refusals_in_a_row_ = 0;
}

void Judge::poll_starts(const HandshakeId& id, Mono now) {
  auto& life = lives_.at(id);
  if (life.is_polled) violated(id, "two polls are in flight");
  if (!life.folder.empty()) violated(id, "it is polled after its end");
  if (now < life.earliest) violated(id, "it is polled before its floor");
  if (now >= account_held_.from && now < account_held_.until)
    violated(id, "it is polled before the account's Retry-After");
  if (is_account_in_trouble_ && canaries_ > 0)
    violated(id, "the account is paused, and a canary is in flight already");
  if (is_account_in_trouble_) check_canary(id, life, now);
  if (in_flight_ >= settings_.connections) violated(id, "more polls than connections");
  spend_rate(id, now);
  spend_request(id);
  life.is_polled = true;
  life.is_canary = is_account_in_trouble_;
  life.polled_at = now;
  ++in_flight_;
  if (life.is_canary) ++canaries_;
  ++polls;
}

void Judge::check_canary(const HandshakeId& id, const Life& life, Mono now) const {
  if (life.was_good || settings_.daily_requests > 0 || jumps_ > 0) return;
  for (const auto& [other, its_life] : lives_) {
    if (!is_better_canary(its_life, now)) continue;
    violated(id, fmt::format("it is the canary, though {} was answered well", other.view()));
  }
}

// A handshake near its deadline waits in another lane, and one whose answer is still judged is not
// free.
bool Judge::is_better_canary(const Life& life, Mono now) const {
  const bool was_good = life.last == Served::pending || life.last == Served::unfinished;
  return was_good && life.is_answered_here && !life.is_polled && life.folder.empty() &&
         now >= life.earliest + longest_check() && now + 1h < life.deadline;
}

// Checks the rate by the generic cell rate algorithm, with the tolerance of a late timer.
void Judge::spend_rate(const HandshakeId& id, Mono now) {
  if (settings_.requests_per_second == 0) return;
  if (now < rate_floor_ - kRateTolerance) violated(id, "it is polled above the rate");
  const Duration interval(static_cast<Duration::rep>(1e6 / settings_.requests_per_second));
  rate_floor_ = std::max(rate_floor_, now) + interval;
}

// Advances the day by the machine's clock. A clock that is set back by less than an hour begins no
// day again. One that is set back by more was wrong before, and spent requests stay spent.
void Judge::clock_shows(Wall time) {
  const auto day_of = [](Wall wall) { return (wall.time_since_epoch() + 5h + 30min) / 24h; };
  const auto day = day_of(time);
  if (day > day_) requests_today_ = 0;
  if (day > day_ || day_of(time + 1h) < day_) day_ = day;
}

// Counts the requests of all processes of the day.
void Judge::spend_request(const HandshakeId& id) {
  if (settings_.daily_requests == 0) return;
  if (++requests_today_ > settings_.daily_requests)
    violated(id, "it is polled above the daily limit");
}

void Judge::poll_ends(const HandshakeId& id, Mono now, const Upstream::Answer& answer) {
  auto& life = lives_.at(id);
  life.is_polled = false;
  --in_flight_;
  if (std::exchange(life.is_canary, false)) --canaries_;
  life.last = answer.served;
  life.is_answered_here = true;
  life.earliest = now;
  switch (answer.served) {
    case Served::pending:
    case Served::unfinished: life.earliest = now + settings_.min_interval; [[fallthrough]];
    case Served::genuine:
    case Served::archived:
      life.last_clean = answer.served;
      life.last_asked_at = life.polled_at;
      life.was_dated = !answer.date.empty() && !answer.is_misdated;
      life.doubts = 0;
      life.unknown_since = Mono::max();
      break;
    case Served::unknown:
      if (life.unknown_since == Mono::max()) life.unknown_since = life.polled_at;
      // The daemon judges an answer once it is parsed.
      life.was_unknown_long |=
          now + kLongestCheck - life.unknown_since >= settings_.unknown_grace - 1s;
      break;
    case Served::doubtful: life.most_doubts = std::max(life.most_doubts, ++life.doubts); break;
    case Served::refused: note_refusal(life.polled_at, now); break;
    case Served::account:
    case Served::garbage:
    case Served::server:
    case Served::transport: break;
  }
  life.met_genuine |= answer.served == Served::genuine;
  life.met_archived |= answer.served == Served::archived;
  if (answer.retry_after_time) {
    const Mono until = now + std::min(*answer.retry_after_time, limits::kRetryAfterCap);
    life.earliest = std::max(life.earliest, until);
    if (answer.served == Served::account || answer.served == Served::refused)
      hold_account(now, until);
  }
  life.was_good = note_account(answer.served).value_or(life.was_good);
}

// Returns for how long an answer may be judged after it came: a large one is.
Duration Judge::longest_check() const {
  return settings_.verified_at_once_bytes == 0 ? kLongestCheck : Duration(0);
}

// The daemon knows of Retry-After once the answer is judged.
void Judge::hold_account(Mono now, Mono until) {
  const Mono from = now + longest_check();
  if (from > account_held_.until) account_held_.from = from;
  account_held_.until = std::max(account_held_.until, until);
}

// A refusal for the rate lowers the rate. Only when it can't fall further, the account pauses.
void Judge::note_refusal(Mono polled_at, Mono now) {
  if (polled_at < last_refusal_) return;
  last_refusal_ = now;
  if (++refusals_in_a_row_ > kRefusalsUntilPause) is_account_in_trouble_ = true;
}

// Only the answer of a canary ends a pause, but a poll that started before the judge saw trouble
// may be the canary of a pause that the circuit breaker began.
// Returns whether the answer was a good one, or nothing if it shows nothing about that.
std::optional<bool> Judge::note_account(Served served) {
  switch (served) {
    case Served::account: is_account_in_trouble_ = true; return false;
    case Served::refused:
    case Served::garbage:
    case Served::server:
    case Served::transport: break;
    case Served::pending:
    case Served::unfinished:
    case Served::genuine:
    case Served::archived:
    case Served::unknown:
    case Served::doubtful:
      is_account_in_trouble_ = false;
      refusals_in_a_row_ = 0;
      return true;
  }
  return std::nullopt;
}

void Judge::polls_dropped() {
  for (auto& [id, life] : lives_) life.is_polled = life.is_canary = false;
  in_flight_ = 0;
  canaries_ = 0;
}

void Judge::appears(const std::string& folder, const std::string& name, const std::string& bytes) {
  const auto id = HandshakeId::parse(std::string_view(name).substr(0, name.find('.')));
  if (!id || !lives_.contains(*id)) throw Violation{name + " appears, and nobody asked for it"};
  auto& life = lives_.at(*id);
  if (!life.folder.empty()) violated(*id, "it appears a second time");
  if (life.may_repeat) {
    if (life.bytes != bytes) violated(*id, "it appears a second time with other bytes");
    ++second_publications;
    life.may_repeat = false;
  }
  check_outcome(*id, life, folder, bytes);
  life.folder = folder;
  life.bytes = bytes;
  life.is_durable = false;
  life.is_taken = false;
}

void Judge::synced(const std::string& folder) {
  for (auto& [id, life] : lives_) life.is_durable |= life.folder == folder;
}

void Judge::settled(const std::vector<HandshakeId>& ids) {
  for (const auto& id : ids) {
    if (lives_.at(id).folder.empty()) violated(id, "it is settled, and lies nowhere");
    if (!lives_.at(id).is_durable) violated(id, "it is settled, and not durable");
  }
}

void Judge::taken(const HandshakeId& id) { lives_.at(id).is_taken = true; }

// Handles a power cut, after which a record whose rename was not synced may be in staging/ again
// although a consumer has removed it. No power cut may damage a record in a folder that programs
// read.
void Judge::power_cut(const Look& look) {
  has_booted_ = true;
  for (auto& [id, life] : lives_) {
    if (life.folder.empty()) continue;
    const auto record = look(life.folder, id);
    if (record && *record != life.bytes) violated(id, "the power cut left another record");
    if (record) life.is_taken = false;  // The removal was not durable either.
    if (!record && life.is_durable && !life.is_taken)
      violated(id, "its record was durable, no consumer removed it, and it is lost");
    if (record || life.is_durable) continue;
    life.may_repeat = life.is_taken;
    life.folder.clear();
  }
}

// A wrong wall clock expires nothing while the machine is not booted: what is stored is put right,
// and the Date of an answer must agree.
bool Judge::is_deadline_certain(const Life& life) const {
  return jumps_ == 0 || (!has_booted_ && life.was_dated);
}

void Judge::check_outcome(const HandshakeId& id, const Life& life, const std::string& folder,
                          const std::string& bytes) const {
  const auto& fate = upstream_.fate(id);
  const auto reason = reason_in(bytes);
  if (folder == "results") {
    if (!life.met_genuine) violated(id, "a result that Attestr never sent");
    if (bytes.find("\"response\":" + fate.genuine) == std::string::npos)
      violated(id, "the result is not the bytes that Attestr sent");
  } else if (folder == "archived") {
    if (!life.met_archived) violated(id, "archived, though Attestr never said so");
  } else if (folder == "rejected") {
    if (life.most_doubts < settings_.signature_attempts)
      violated(id, fmt::format("rejected after {} doubtful answers", life.most_doubts));
  } else if (reason == "not_found") {
    if (!life.was_unknown_long) violated(id, "not_found before its grace was over");
  } else if (reason == "expired") {
    if (life.last_clean != Served::pending && life.last_clean != Served::unfinished)
      violated(id, "expired without a last answer");
    // A jump of the clock that is too small to be noticed moves a deadline by as much.
    const Duration tolerance = 1s + drift_ + jumps_ * limits::kClockJump;
    if (is_deadline_certain(life) && life.last_asked_at < life.deadline - tolerance)
      violated(id, fmt::format("expired {} s before its deadline",
                               (life.deadline - life.last_asked_at) / 1s));
  } else {
    violated(id, fmt::format("it ends in {} for the reason {}", folder, reason));
  }
}

std::size_t Judge::published() const {
  return static_cast<std::size_t>(std::ranges::count_if(lives_, [](const auto& life) {
    return !life.second.folder.empty() || life.second.may_repeat;
  }));
}

bool Judge::all_have_ended() const {
  return std::ranges::all_of(lives_, [](const auto& entry) {
    const Life& life = entry.second;
    return !life.folder.empty() || life.may_repeat || life.may_be_lost;
  });
}

void Judge::must_have_ended(const HandshakeId& id) const {
  const auto& life = lives_.at(id);
  if (life.folder.empty() && !life.may_repeat && !life.may_be_lost) violated(id, "it is lost");
}

void Judge::judge_the_end(const Look& look) const {
  for (const auto& [id, life] : lives_) {
    must_have_ended(id);
    if (!life.folder.empty() && !life.is_taken && look(life.folder, id) != life.bytes)
      violated(id, "no consumer removed its record, and the record is not there as published");
  }
}

}  // namespace attestrd::sim
