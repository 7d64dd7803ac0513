#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <string>
#include <utility>

#include "base/check.h"
#include "base/limits.h"
#include "engine/engine.h"
#include "http/http_date.h"
#include "http/retry_after.h"
#include "base/backoff.h"

namespace attestrd {
namespace {

// Keeps handshakes that were submitted together from asking together for ever.
constexpr double kCadenceJitter = 0.1;
// A fixed price follows what was learnt at this distance; so does the queue.
constexpr std::uint32_t kHandshakesPerPrice = 64;
constexpr std::uint32_t kCompletionsPerSave = 64;
// HTTP dates have no fractions: an answer's Date may lie this much before its moment.
constexpr Duration kHttpDateStep = std::chrono::seconds(1);

std::string_view request_id_of(const Answer& answer) {
  if (const auto* pending = std::get_if<Pending>(&answer)) return pending->request_id;
  if (const auto* ended = std::get_if<Ended>(&answer)) return ended->request_id;
  return {};
}

std::string_view tag_of(const Answer& answer) {
  if (const auto* pending = std::get_if<Pending>(&answer)) return pending->tag;
  if (const auto* ended = std::get_if<Ended>(&answer)) return ended->tag;
  return {};
}

struct CodeOf {
  int operator()(const Pending&) const { return 0; }
  int operator()(const Ended&) const { return 0; }
  int operator()(const auto& trouble) const { return trouble.code; }
};

}  // namespace

void Engine::on(const Replied& event) {
  const Slot slot = event.ticket;
  PendingRecord& record = roster_[slot];
  ATTESTRD_CHECK(record.state == State::polling && in_flight_ > 0);
  --in_flight_;
  if (record.is_lost) {
    if (record.is_canary) account_.canary_lost();
    forget(slot);
    return;
  }
  if (const auto* response = std::get_if<HttpResponse>(event.reply)) {
    on_response(slot, *response);
  } else {
    on_failure(slot, std::get<TransportFailure>(*event.reply));
  }
}

Notice Engine::notice_of(Slot slot, Event event, Level level) const {
  Notice notice;
  notice.event = event;
  notice.level = level;
  notice.handshake = roster_.id_of(slot);
  notice.polls = roster_[slot].polls;
  return notice;
}

void Engine::on_response(Slot slot, const HttpResponse& response) {
  const PendingRecord& record = roster_[slot];
  const Answer answer = read_answer(response, roster_.id_of(slot));
  const Mono last_pending = record.last_pending;
  const Verdict verdict = judge(answer, roster_[slot], now_, settings_, verifier_);
  learn(slot, last_pending, answer, verdict);
  const auto retry_after = read_retry_after(response.retry_after, response.date, now_.wall);
  const auto describe = [&](Event event, Level level) {
    Notice notice = notice_of(slot, event, level);
    notice.http_status = response.status;
    if (const int code = std::visit(CodeOf{}, answer)) notice.code = code;
    notice.reason = verdict.trouble;
    notice.request_id = request_id_of(answer);
    return notice;
  };
  if (settings_.logs_polls) {
    Notice notice = describe(Event::poll_answered, Level::debug);
    notice.message = "Attestr answered";
    say(std::move(notice));
  }
  if (verdict.is_healthy) count_good_answer(slot);
  switch (verdict.kind) {
    case Verdict::Kind::wait: wait_for_cadence(slot); return;
    case Verdict::Kind::retry: {
      Notice why = describe(Event::poll_error, Level::warn);
      why.message = "the answer can't be used; the handshake is asked for again";
      // A whole answer shows that somebody is there: it speaks against the server once for each
      // handshake, or one that can never be answered would stop all others.
      if (!verdict.is_healthy && (record.is_canary || record.errors == 0)) {
        count_failure(slot, retry_after, why);
      }
      say(std::move(why));
      retry_later(slot, retry_after);
      return;
    }
    case Verdict::Kind::pause:
      wait_for_account(slot, verdict.pause, retry_after,
                       describe(Event::account_paused, Level::error));
      return;
    case Verdict::Kind::finish:
      if (verdict.reason == Reason::expired && postpones_expiry(slot, response)) {
        wait_for_cadence(slot);
      } else {
        finish(slot, verdict, answer, response.body);
      }
      return;
  }
}

void Engine::on_failure(Slot slot, const TransportFailure& failure) {
  const bool is_certificate = failure.kind == TransportFailure::Kind::certificate;
  Notice why = notice_of(slot, Event::poll_error, Level::warn);
  why.host = settings_.host;
  why.reason = fmt::format("{}: {}", name_of(failure.kind), failure.detail);
  if (is_certificate) {
    why.depth = failure.certificate_depth;
    wait_for_account(slot, PauseReason::certificate, std::nullopt, std::move(why));
    return;
  }
  why.message = "no answer came; the handshake is asked for again";
  const bool is_whole = failure.kind == TransportFailure::Kind::framing ||
                        failure.kind == TransportFailure::Kind::too_large;
  const PendingRecord& record = roster_[slot];
  if (!is_whole || record.is_canary || record.errors == 0) count_failure(slot, std::nullopt, why);
  say(std::move(why));
  retry_later(slot, std::nullopt);
}

// ---- The first clock: the wait.

/// A handshake that nobody asked for yet.
void Engine::begin_waiting(Slot slot) {
  if (settings_.polls_per_handshake > 0 && ++unpriced_handshakes_ >= kHandshakesPerPrice) {
    fix_price();
  }
  const Duration gap = cadence_->first_gap();
  if (gap == Duration(0)) {
    make_ready(slot);
    return;
  }
  weigh(slot, gap);
  schedule(slot, now_.mono + jittered(gap), now_.mono);
}

/// A gap as it is waited: spread, and within its bounds.
Duration Engine::jittered(Duration gap) {
  const double jitter = 1 + kCadenceJitter * (2 * prng_.unit() - 1);
  return std::clamp(scaled(gap, jitter), settings_.min_interval,
                    price_.longest(settings_.max_interval));
}

void Engine::weigh(Slot slot, Duration gap) {
  PendingRecord& record = roster_[slot];
  price_.remove(record.load);
  record.load = price_.add(gap, price_.longest(settings_.max_interval));
}

/// What an answer tells of when handshakes get done. One that was found in the queue is watched
/// from its first "not yet" on: of the time before, the last process may have learnt already, and
/// only the slow ones are left to tell of it again.
void Engine::learn(Slot slot, Mono last_pending, const Answer& answer, const Verdict& verdict) {
  PendingRecord& record = roster_[slot];
  const Duration age = now_.mono - record.submitted;
  const Duration last_age =
      last_pending == Mono::min() ? Duration(0) : last_pending - record.submitted;
  const auto* ended = std::get_if<Ended>(&answer);
  const bool is_unfinished = ended != nullptr && ended->result.empty() && !ended->archived;
  if (is_unfinished || std::holds_alternative<Pending>(answer)) {
    if (!record.is_unwatched) hazard_.saw_pending(last_age, age);
    record.is_unwatched = false;
    return;
  }
  const bool is_done = ended != nullptr && ended->consumed &&
                       verdict.kind == Verdict::Kind::finish &&
                       verdict.outcome != Outcome::rejected;
  if (!is_done || record.is_unwatched) return;
  hazard_.saw_done(last_age, age);
  if (++unsaved_completions_ >= kCompletionsPerSave) remember();
}

void Engine::wait_for_cadence(Slot slot) {
  PendingRecord& record = roster_[slot];
  record.errors = 0;
  const Duration gap = cadence_->gap_at(now_.mono - record.submitted);
  weigh(slot, gap);
  Mono due = now_.mono + jittered(gap);
  // Whether an unknown handshake may be given up is asked exactly when its grace ends.
  if (record.is_unknown) due = std::min(due, record.unknown_since() + settings_.unknown_grace);
  schedule(slot, due, now_.mono + settings_.min_interval);
}

// ---- The second clock: its own errors. It never touches the first one.

void Engine::retry_later(Slot slot, std::optional<Duration> retry_after) {
  PendingRecord& record = roster_[slot];
  const Duration delay = equal_jitter(
      exponential_backoff(limits::kErrorBackoffFirst, limits::kErrorBackoffCap, record.errors),
      prng_);
  if (record.errors < std::numeric_limits<std::uint8_t>::max()) ++record.errors;
  const Duration floor = std::max(
      settings_.min_interval, std::min(retry_after.value_or(Duration(0)), limits::kRetryAfterCap));
  schedule(slot, now_.mono + std::max(delay, floor), now_.mono + floor);
}

// ---- The third clock: the account's.

void Engine::wait_for_account(Slot slot, PauseReason reason, std::optional<Duration> retry_after,
                              Notice why) {
  const bool by_canary = roster_[slot].is_canary;
  if (account_.trouble(now_, reason, retry_after, by_canary)) say_paused(std::move(why));
  make_ready(slot);
}

void Engine::count_failure(Slot slot, std::optional<Duration> retry_after, const Notice& why) {
  if (account_.failure(now_, retry_after, roster_[slot].is_canary)) say_paused(why);
}

void Engine::say_paused(Notice why) {
  concurrency_ = std::min(limits::kSlowStartConnections, settings_.connections);
  why.event = Event::account_paused;
  why.level = Level::error;
  why.message = fmt::format(
      "polling is paused ({}): no handshake fails by this, one at a time asks whether it is over",
      name_of(*account_.reason()));
  if (account_.reason() != PauseReason::certificate) {
    why.reason = name_of(*account_.reason());
  }
  why.host = settings_.host;
  why.wait = account_.next_canary() - now_.mono;
  say(std::move(why));
}

void Engine::count_good_answer(Slot slot) {
  totals_.last_good_poll_at = now_.wall;
  const auto reason = account_.reason();
  if (account_.good_answer(roster_[slot].is_canary)) {
    Notice notice;
    notice.event = Event::account_resumed;
    notice.message = "Attestr answers again; polling goes on";
    notice.reason = name_of(*reason);
    notice.wait = now_.wall - account_.paused_since();
    say(std::move(notice));
  }
  if (account_.is_open()) concurrency_ = std::min(concurrency_ + 1, settings_.connections);
}

// ---- The end.

// Our clock may have jumped while we were not running. A handshake is given up only if the server's
// own clock, as far as it shows one, agrees that its time has passed.
bool Engine::postpones_expiry(Slot slot, const HttpResponse& response) {
  const auto date = read_http_date(response.date, now_.wall);
  PendingRecord& record = roster_[slot];
  if (!date || record.deadline_wall() <= *date + kHttpDateStep) return false;
  record.deadline = now_.mono + (record.deadline_wall() - *date);
  return true;
}

void Engine::finish(Slot slot, const Verdict& verdict, const Answer& answer,
                    std::string_view body) {
  PendingRecord& record = roster_[slot];
  Finish finish{.id = roster_.id_of(slot),
                .outcome = verdict.outcome,
                .reason = verdict.reason,
                .polls = record.polls,
                .last_pending_at = std::nullopt,
                .finished_at = now_.wall,
                .form = verdict.form,
                .request_id = std::string(request_id_of(answer)),
                .tag = std::string(tag_of(answer)),
                .response = {}};
  finish.last_pending_at = last_pending_at(record);
  switch (verdict.outcome) {
    case Outcome::completed: ++totals_.completed; break;
    case Outcome::archived: ++totals_.archived; break;
    case Outcome::failed: ++totals_.failed; break;
    case Outcome::rejected: ++totals_.rejected; break;
  }
  // What an unknown handshake was answered need not be JSON, and says nothing.
  const bool keeps_response = verdict.reason != Reason::not_found;
  record.response_bytes = static_cast<std::uint32_t>(finish.tag.size());
  if (keeps_response) record.response_bytes += static_cast<std::uint32_t>(body.size());
  record.state = State::settling;
  ++settling_;
  settling_bytes_ += record.response_bytes;
  actions_->emplace_back(Settle{std::move(finish), keeps_response});
}

}  // namespace attestrd
