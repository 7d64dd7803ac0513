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
  account_run_ = {};
  refusals_in_a_row_ = 0;
  for (auto& [id, life] : lives_) {
    life.run = life.trouble = {};
    life.was_pending_here = false;
    life.earliest = Mono::min();
    life.is_answered_here = false;
    life.is_cancelled_here = false;
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
  if (life.has_ended() && life.retried) begin_attempt(life, *life.retried);
  if (!life.folder.empty()) violated(id, "it is polled after its end");
  if (must_be_paused_) violated(id, "it is polled during an operator's pause");
  if (life.must_be_held) violated(id, "it is polled while an operator holds it");
  if (life.is_cancelled_here) violated(id, "it is polled after it was cancelled");
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
  const bool is_free = !life.may_be_held && !life.is_cancelled_here;
  return was_good && is_free && life.is_answered_here && !life.is_polled && life.folder.empty() &&
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
  life.earliest = life.ended_at = now;
  note_witness(life, now, answer);
  switch (answer.served) {
    case Served::pending:
    case Served::unfinished: life.earliest = now + settings_.min_interval; [[fallthrough]];
    case Served::genuine:
    case Served::replayed:
    case Served::archived:
      life.last_clean = answer.served;
      life.last_asked_at = life.polled_at;
      life.was_dated = !answer.date.empty() && !answer.is_misdated;
      break;
    case Served::refused: note_refusal(life.polled_at, now); break;
    case Served::unknown:
    case Served::doubtful:
    case Served::account:
    case Served::garbage:
    case Served::server:
    case Served::transport: break;
  }
  life.met_genuine |= answer.served == Served::genuine;
  if (answer.retry_after_time) {
    const Mono until = now + std::min(*answer.retry_after_time, limits::kRetryAfterCap);
    life.earliest = std::max(life.earliest, until);
    if (answer.served == Served::refused) hold_account(now, until);
  }
  life.was_good = note_account(id, now, answer).value_or(life.was_good);
}

// Counts the answers in a row of one kind, which prove an ending only over some time.
void Judge::note_witness(Life& life, Mono now, const Upstream::Answer& answer) {
  const Served served = answer.served;
  const bool is_witness =
      served == Served::unknown || served == Served::doubtful || served == Served::archived;
  if (served == Served::pending || served == Served::unfinished) {
    life.run = life.trouble = {};
    life.proven.clear();
    life.was_pending_here = true;
  }
  const bool is_formed = is_witness || served == Served::genuine || served == Served::replayed ||
                         served == Served::pending || served == Served::unfinished;
  if (is_formed) life.last_formed = now;
  if (!is_witness) return;
  if (life.trouble.count++ == 0) life.trouble.since = now;
  life.met_bad_signature |= answer.is_signed_otherwise;
  if (life.run.kind != served) life.run = {served, now, 0, true};
  Run& run = life.run;
  ++run.count;
  run.is_general &= answer.is_general;
  const Duration time =
      served == Served::unknown ? settings_.unknown_grace : settings_.witness_time;
  // A large answer is judged later than it comes.
  const Duration slack = longest_check() + 2s;
  if (run.count < settings_.signature_attempts || now - run.since < time - slack) return;
  life.proven.insert(served);
  life.is_by_general = run.is_general;
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
std::optional<bool> Judge::note_account(const HandshakeId& id, Mono now,
                                        const Upstream::Answer& answer) {
  switch (answer.served) {
    case Served::account: {
      // The trouble may be that of few handshakes: only a run without a good answer is the
      // account's. The judge is surer of it than the daemon needs to be.
      AccountRun& run = account_run_;
      if (run.reason != answer.body) run = {answer.body, now, 0, {}};
      ++run.count;
      run.handshakes.insert(id);
      const bool is_late = now - std::max(run.since, last_good_) >= 2 * limits::kFailureRun;
      const bool is_certain = settings_.verified_at_once_bytes > 0;
      is_account_in_trouble_ |= is_certain && is_late && run.handshakes.size() >= 2 &&
                                run.count > limits::kFailureRunPolls;
      return false;
    }
    case Served::refused:
    case Served::garbage:
    case Served::server:
    case Served::transport: account_run_ = {}; break;
    case Served::pending:
    case Served::unfinished:
    case Served::genuine:
    case Served::replayed:
    case Served::archived:
    case Served::unknown:
    case Served::doubtful:
      is_account_in_trouble_ = false;
      account_run_ = {};
      last_good_ = now;
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
  if (folder == "results" && life.may_be_readmitted && life.folder != "results" &&
      !life.folder.empty()) {
    begin_attempt(life, life.deadline);
    life.may_be_readmitted = life.must_be_readmitted = false;
    life.is_readmitted = life.was_readmitted = true;
  }
  if (!life.folder.empty()) violated(*id, "it appears a second time");
  if (life.may_repeat) {
    if (life.bytes != bytes) violated(*id, "it appears a second time with other bytes");
    ++second_publications;
    life.may_repeat = false;
  }
  check_outcome(*id, life, folder, bytes);
  life.folder = folder;
  life.name = name;
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

void Judge::taken(const std::string& folder, const std::string& name) {
  auto& life = lives_.at(*HandshakeId::parse(std::string_view(name).substr(0, name.find('.'))));
  const auto is_it = [&](const Record& record) {
    return record.folder == folder && record.name == name;
  };
  if (is_it(life)) life.is_taken = true;
  for (auto& record : life.earlier)
    if (is_it(record)) record.is_taken = true;
}

void Judge::retry_asked(const HandshakeId& id, Mono deadline) {
  auto& life = lives_.at(id);
  ++life.retries_asked;
  life.retried = std::min(life.retried.value_or(deadline), deadline);
}

void Judge::retry_answered(const HandshakeId& id, bool is_reopened) {
  auto& life = lives_.at(id);
  if (is_reopened && life.retried && life.has_ended()) begin_attempt(life, *life.retried);
  if (--life.retries_asked == 0) life.retried.reset();
}

void Judge::readmission_asked(const HandshakeId& id, const std::string& name) {
  auto& life = lives_.at(id);
  ++life.readmissions_asked;
  life.may_be_readmitted = true;
  const auto mark = [&name](Record& record) {
    record.may_be_removed |= record.folder == "rejected" && record.name == name;
  };
  mark(life);
  std::ranges::for_each(life.earlier, mark);
}

void Judge::readmission_answered(const HandshakeId& id, bool is_readmitted) {
  auto& life = lives_.at(id);
  --life.readmissions_asked;
  // It may have appeared already, and an operator may have asked again since then.
  if (is_readmitted)
    life.must_be_readmitted = life.may_be_readmitted && life.folder != "results";
  else if (life.readmissions_asked == 0 && !life.must_be_readmitted)
    life.may_be_readmitted = false;
}

void Judge::pause_asked(bool is_paused) {
  if (is_paused) return;
  must_be_paused_ = false;
  ++resumes_asked_;
}

void Judge::pause_answered(bool is_paused) {
  if (!is_paused)
    --resumes_asked_;
  else if (resumes_asked_ == 0)
    must_be_paused_ = true;
}

void Judge::hold_asked(const HandshakeId& id, bool is_held) {
  auto& life = lives_.at(id);
  life.may_be_held |= is_held;
  if (is_held) return;
  life.must_be_held = false;
  ++life.releases_asked;
}

void Judge::hold_answered(const HandshakeId& id, bool is_held, bool is_pending) {
  auto& life = lives_.at(id);
  if (!is_held)
    --life.releases_asked;
  else if (is_pending && life.releases_asked == 0)
    life.must_be_held = true;
}

void Judge::recovered(const std::set<HandshakeId>& polled) {
  resumes_asked_ = 0;
  for (auto& [id, life] : lives_) {
    life.releases_asked = 0;
    if (life.retried && life.has_ended() && polled.contains(id)) begin_attempt(life, *life.retried);
    life.retried.reset();
    life.retries_asked = 0;
    if (life.must_be_readmitted) violated(id, "it was readmitted, and its result is lost");
    life.may_be_readmitted = false;
    life.readmissions_asked = 0;
  }
}

// Returns whether a record need not be in its folder any more.
bool Judge::may_be_gone(const Life& life, const Record& record) {
  const bool is_readmitted = life.was_readmitted || life.may_be_readmitted;
  return record.is_taken || (record.may_be_removed && is_readmitted);
}

void Judge::begin_attempt(Life& life, Mono deadline) {
  Life next;
  next.deadline = deadline;
  next.earlier = std::move(life.earlier);
  if (!life.folder.empty()) next.earlier.push_back(life);
  next.retried = life.retried;
  next.retries_asked = life.retries_asked;
  next.was_readmitted = life.was_readmitted;
  next.readmissions_asked = life.readmissions_asked;
  next.may_be_readmitted = life.may_be_readmitted;
  next.must_be_readmitted = life.must_be_readmitted;
  next.met_bad_signature = life.met_bad_signature;
  next.may_be_held = life.may_be_held;
  next.releases_asked = life.releases_asked;
  next.may_be_cancelled = life.may_be_cancelled;
  life = std::move(next);
}

// Handles a power cut, after which a record whose rename was not synced may be in staging/ again
// although a consumer has removed it. No power cut may damage a record in a folder that programs
// read.
void Judge::power_cut(const Look& look) {
  has_booted_ = true;
  for (auto& [id, life] : lives_) {
    for (auto& earlier : life.earlier) {
      // Once it is removed, a later record may have its name.
      const bool is_there = look(earlier.folder, earlier.name) == earlier.bytes;
      if (!is_there && !may_be_gone(life, earlier))
        violated(id, "the power cut lost its earlier record");
      if (is_there) earlier.is_taken = false;
    }
    if (life.folder.empty()) continue;
    auto record = look(life.folder, life.name);
    const auto is_it = [&record](const Record& earlier) { return earlier.bytes == record; };
    if (record && std::ranges::any_of(life.earlier, is_it)) record.reset();
    if (record && *record != life.bytes) violated(id, "the power cut left another record");
    if (record) life.is_taken = false;  // The removal was not durable either.
    if (!record && life.is_durable && !may_be_gone(life, life))
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

// A jump of the clock that is too small to be noticed moves a deadline by as much.
Duration Judge::tolerance() const { return 1s + drift_ + jumps_ * limits::kClockJump; }

// Returns whether answers of this kind in a row have proven an ending. Long after the deadline,
// answers of any kinds prove it together.
bool Judge::is_proven(const Life& life, Served kind) const {
  if (life.proven.contains(kind)) return true;
  const bool is_long_over =
      !is_deadline_certain(life) ||
      life.ended_at >= life.deadline + limits::kUnreachableAfter - tolerance();
  const Duration time = kind == Served::unknown ? settings_.unknown_grace : settings_.witness_time;
  return life.last == kind && is_long_over && life.trouble.count >= settings_.signature_attempts &&
         life.ended_at - life.trouble.since >= time - longest_check() - 2s;
}

void Judge::check_outcome(const HandshakeId& id, const Life& life, const std::string& folder,
                          const std::string& bytes) {
  const auto reason = reason_in(bytes);
  if (folder == "results") {
    check_result(id, life, bytes);
  } else if (folder == "archived") {
    if (!is_proven(life, Served::archived))
      violated(id, "archived, though Attestr did not say so several times");
  } else if (folder == "rejected") {
    check_rejected(id, life, reason);
  } else {
    check_failed(id, life, reason);
  }
  const bool is_proven_ending = folder == "archived" ||
                                (folder == "rejected" && reason != "replayed") ||
                                reason == "not_found";
  if (is_proven_ending && life.is_by_general && could_be_had(id, life))
    violated(id, fmt::format("it ends in {} by trouble of all, and its result is lost", folder));
}

// Checks that a result is the handshake's own, and that of all equal results but the first one is
// marked.
void Judge::check_result(const HandshakeId& id, const Life& life, const std::string& bytes) {
  const auto& fate = upstream_.fate(id);
  const bool was_sent = life.is_readmitted ? life.met_bad_signature : life.met_genuine;
  if (!was_sent) violated(id, "a result that Attestr never sent");
  const auto& sent = life.is_readmitted ? fate.signed_otherwise : fate.genuine;
  if (bytes.find("\"response\":" + sent) == std::string::npos)
    violated(id, "the result is not the bytes that Attestr sent");
  const bool is_marked = bytes.find(R"("repeats":true)") != std::string::npos;
  if (is_marked && !fate.is_skipped) violated(id, "it is marked, and its result is its own alone");
  if (is_marked || !fate.is_skipped) return;
  auto& first = first_skipped_[life.is_readmitted ? 1 : 0];
  if (first.value_or(id) != id)
    violated(id, fmt::format("neither it nor {} is marked", first->view()));
  for (auto& other : first_skipped_)
    if (other == id) other.reset();  // It has the signature of its last result alone.
  first = id;
}

// Returns whether Attestr had the result at the end of the last poll.
bool Judge::could_be_had(const HandshakeId& id, const Life& life) const {
  const auto& fate = upstream_.fate(id);
  const bool is_poisoned = fate.is_forged || fate.is_forbidden || fate.is_html_not_found;
  return jumps_ == 0 && !is_poisoned && life.ended_at < fate.archived_at &&
         life.ended_at >= fate.result_at;
}

void Judge::check_rejected(const HandshakeId& id, const Life& life, std::string_view reason) const {
  if (reason == "replayed") {
    if (life.last != Served::replayed) violated(id, "a genuine result is rejected as a replay");
    return;
  }
  if (life.last == Served::pending) violated(id, "rejected, though it is not consumed");
  if (is_proven(life, Served::doubtful)) return;
  // The answer was kept, and is all that is left of the result.
  const bool is_over = is_proven(life, Served::archived) || life.ended_at >= life.deadline;
  if (!life.met_bad_signature || (!is_over && is_deadline_certain(life)))
    violated(id, fmt::format("rejected after {} doubtful answers", life.run.count));
}

void Judge::check_failed(const HandshakeId& id, const Life& life, std::string_view reason) const {
  if (reason == "not_found") {
    if (!is_proven(life, Served::unknown)) violated(id, "not_found before its grace was over");
    if (life.was_pending_here) violated(id, "not_found, though it was seen pending");
  } else if (reason == "unreachable") {
    if (life.last_formed != Mono::min() &&
        life.ended_at - life.last_formed < limits::kUnreachableAfter - 2s)
      violated(id, "unreachable, though Attestr answered");
    if (is_deadline_certain(life) &&
        life.ended_at < life.deadline + limits::kUnreachableAfter - 2s - tolerance())
      violated(id, "unreachable before the day after its deadline is over");
  } else if (reason == "cancelled") {
    if (!life.may_be_cancelled) violated(id, "cancelled, though no operator demanded it");
    if (life.last == Served::genuine && life.is_answered_here)
      violated(id, "cancelled, though its result had come");
  } else if (reason == "expired" && is_proven(life, Served::unknown) &&
             life.last == Served::unknown) {
    if (is_deadline_certain(life) && life.ended_at < life.deadline - tolerance())
      violated(id, "expired as unknown before its deadline");
  } else if (reason == "expired") {
    if (life.last_clean != Served::pending && life.last_clean != Served::unfinished)
      violated(id, "expired without a last answer");
    if (is_deadline_certain(life) && life.last_asked_at < life.deadline - tolerance())
      violated(id, fmt::format("expired {} s before its deadline",
                               (life.deadline - life.last_asked_at) / 1s));
  } else {
    violated(id, fmt::format("it fails for the reason {}", reason));
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
    const bool is_over = !life.folder.empty() && !life.must_be_readmitted;
    return is_over || life.may_repeat || life.may_be_lost;
  });
}

void Judge::must_have_ended(const HandshakeId& id) const {
  const auto& life = lives_.at(id);
  if (life.folder.empty() && !life.may_repeat && !life.may_be_lost) violated(id, "it is lost");
}

void Judge::judge_the_end(const Look& look) const {
  for (const auto& [id, life] : lives_) {
    must_have_ended(id);
    if (life.must_be_readmitted) violated(id, "it was readmitted, and its result is lost");
    for (const auto& record : life.earlier)
      if (!may_be_gone(life, record) && look(record.folder, record.name) != record.bytes)
        violated(id, "no consumer removed its earlier record, and the record is gone");
    if (!life.folder.empty() && !life.is_taken && look(life.folder, life.name) != life.bytes)
      violated(id, "no consumer removed its record, and the record is not there as published");
  }
}

}  // namespace attestrd::sim
