#include "engine/engine_replies.h"

#include <limits>
#include <string>
#include <utility>

#include "base/check.h"

namespace attestrd {

void Engine::Replies::hear(const Replied& event) {
  const Slot slot = event.ticket;
  ATTESTRD_CHECK(engine_.roster_[slot].state == State::polling);
  if (drop_if_lost(slot)) return;
  if (const auto* const failure = std::get_if<TransportFailure>(event.reply)) {
    return on_failure(slot, *failure);
  }
  const auto& response = std::get<HttpResponse>(*event.reply);
  const HandshakeId id = engine_.roster_.id_of(slot);
  // A large answer is not checked within this step: the poll stays in flight until Verified
  // arrives.
  if (response.body.size() > engine_.settings_.verified_at_once_bytes) {
    engine_.admission_.backlog().keep(response.body.size());
    step_.actions.emplace_back(Verify{event.ticket, id});
    return;
  }
  on_answer(slot, response, check_answer(response, id, engine_.verifier_));
}

void Engine::Replies::hear(const Verified& event) {
  const Slot slot = event.ticket;
  ATTESTRD_CHECK(engine_.roster_[slot].state == State::polling);
  engine_.admission_.backlog().drop(event.response->body.size());
  if (drop_if_lost(slot)) return;
  on_answer(slot, *event.response, *event.answer);
}

/// Drops a reply whose handshake was lost meanwhile, and forgets the handshake. Returns whether it
/// did so.
bool Engine::Replies::drop_if_lost(Slot slot) {
  const PendingRecord& record = engine_.roster_[slot];
  if (!record.is_lost) return false;
  end_poll(slot);
  engine_.admission_.answer_lost(record.is_canary);
  engine_.forget(slot);
  return true;
}

void Engine::Replies::end_poll(Slot slot) {
  PendingRecord& record = engine_.roster_[slot];
  engine_.admission_.end();
  if (!record.is_older_than_reload) return;
  record.is_older_than_reload = false;
  if (--engine_.older_polls_ == 0) engine_.verifier_.forget_former();
}

void Engine::Replies::on_answer(Slot slot, const HttpResponse& response,
                                const CheckedAnswer& checked) {
  const Answer& answer = checked.answer;
  const auto verification = in_usual_form(slot, checked.verification);
  PendingRecord& record = engine_.roster_[slot];
  Admission& admission = engine_.admission_;
  end_poll(slot);
  if (engine_.server_clock_.compare(response.date, now_)) {
    step_.say(notices::clock_differs(*engine_.server_clock_.difference(), engine_.settings_.host));
  }
  const auto judged = judge_answer(response, answer, record, verification, now_, engine_.settings_,
                                   now_.mono < engine_.doubtful_until_);
  observe(slot, answer, judged.verdict);
  apply(judged.change, record);
  if (engine_.settings_.logs_polls) {
    step_.say(notices::poll_answered(polled(slot), response, answer, trouble_of(judged.verdict)));
  }
  if (is_healthy(judged.verdict)) count_good_answer(record);
  std::visit(
      OneOf{[&](const verdict::Wait&) { wait(slot); },
            [&](const verdict::Retry& verdict) {
              Notice why = notices::poll_error(polled(slot), response, answer, verdict.trouble);
              if (!verdict.is_healthy && counts_against_server(FailureKind::bad_answer, record) &&
                  admission.failure(now_, judged.retry_after, record.is_canary)) {
                say_paused(why);
              }
              step_.say(std::move(why));
              retry(slot, judged.retry_after);
            },
            [&](const verdict::Pause& verdict) {
              if (admission.trouble(now_, verdict.reason, judged.retry_after, record.is_canary)) {
                say_paused(
                    notices::account_trouble(polled(slot), response, answer, verdict.trouble));
              }
              if (verdict.reason == PauseReason::rate_limited) say_lowered();
              record.was_good &= verdict.reason == PauseReason::rate_limited;
              engine_.make_ready(slot, now_.mono);
            },
            [&](const verdict::Finish& verdict) { finish(slot, verdict, answer, response.body); }},
      judged.verdict);
}

/// Returns the verification without its form if the signature holds in a form that needs the
/// operator (see FormMemory).
std::optional<Verification> Engine::Replies::in_usual_form(
    Slot slot, const std::optional<Verification>& verification) {
  if (!verification || !verification->form) return verification;
  const SigningForm form = *verification->form;
  const auto found = engine_.forms_.add(form, engine_.settings_.signing_form);
  if (found.is_news) step_.say(notices::other_form(polled(slot), form, found.is_accepted));
  if (!found.is_accepted) return Verification{};
  engine_.verifier_.prefer(form);
  return verification;
}

void Engine::Replies::on_failure(Slot slot, const TransportFailure& failure) {
  const PendingRecord& record = engine_.roster_[slot];
  Admission& admission = engine_.admission_;
  end_poll(slot);
  Notice why = notices::poll_error(polled(slot), failure, engine_.settings_.host);
  const FailureKind kind = kind_of(failure);
  if (kind == FailureKind::certificate) {
    if (admission.trouble(now_, PauseReason::certificate, std::nullopt, record.is_canary)) {
      say_paused(std::move(why));
    }
    engine_.make_ready(slot, now_.mono);
    return;
  }
  if (kind == FailureKind::no_memory) admission.answer_lost(record.is_canary);
  if (counts_against_server(kind, record) &&
      admission.failure(now_, std::nullopt, record.is_canary)) {
    say_paused(why);
  }
  step_.say(std::move(why));
  retry(slot, std::nullopt);
}

// ---- The next state of the handshake.

void Engine::Replies::wait(Slot slot) {
  PendingRecord& record = engine_.roster_[slot];
  record.errors = 0;
  const auto unknown_since =
      record.is_unknown ? std::optional(record.unknown_since()) : std::nullopt;
  const auto due = engine_.timing_.after_pending(record.load, now_.mono - record.submitted,
                                                 unknown_since, now_.mono, engine_.prng_);
  engine_.wait_until(slot, due, now_.mono);
}

void Engine::Replies::retry(Slot slot, std::optional<Duration> retry_after) {
  PendingRecord& record = engine_.roster_[slot];
  const auto due =
      engine_.timing_.after_error(record.errors, retry_after, now_.mono, engine_.prng_);
  if (record.errors < std::numeric_limits<std::uint8_t>::max()) ++record.errors;
  engine_.wait_until(slot, due, now_.mono);
}

void Engine::Replies::finish(Slot slot, const verdict::Finish& verdict, const Answer& answer,
                             std::string_view body) {
  PendingRecord& record = engine_.roster_[slot];
  Finish finish{.id = engine_.roster_.id_of(slot),
                .outcome = verdict.outcome,
                .reason = verdict.reason,
                .polls = record.polls,
                .last_pending_at = record.last_pending_at(now_),
                .finished_at = now_.wall,
                .form = verdict.form,
                .request_id = std::string(request_id_of(answer)),
                .tag = std::string(tag_of(answer)),
                .response = {}};
  engine_.totals_.counters.add(Metric::handshakes_ended, name_of(verdict.outcome));
  // The answer for an unknown handshake need not be JSON, and is not worth keeping.
  const bool keeps_response = verdict.reason != Reason::not_found;
  record.response_bytes = static_cast<std::uint32_t>(finish.tag.size());
  if (keeps_response) record.response_bytes += static_cast<std::uint32_t>(body.size());
  record.state = State::settling;
  engine_.admission_.backlog().add(record.response_bytes);
  step_.actions.emplace_back(Settle{std::move(finish), keeps_response});
}

// ---- Effects on the hazard, the account and the log.

/// Passes the answer to the hazard as an observation. A handshake that was found in the queue is
/// observed only from its first "not yet" on: the previous process may have learnt from the time
/// before already, and only the slow handshakes are left to report it again.
void Engine::Replies::observe(Slot slot, const Answer& answer, const Verdict& verdict) {
  PendingRecord& record = engine_.roster_[slot];
  PollTiming& timing = engine_.timing_;
  const Duration age = now_.mono - record.submitted;
  const Duration last_age =
      record.last_pending == Mono::min() ? Duration(0) : record.last_pending - record.submitted;
  switch (observation_of(answer, verdict)) {
    case Observation::nothing: return;
    case Observation::pending:
      if (!record.is_unwatched) timing.saw_pending(last_age, age);
      record.is_unwatched = false;
      return;
    case Observation::done:
      if (record.is_unwatched) return;
      if (!timing.saw_done(last_age, age)) return;
      step_.actions.emplace_back(Remember{*timing.take_unsaved()});
      return;
  }
}

void Engine::Replies::count_good_answer(PendingRecord& record) {
  const AccountGate& account = engine_.admission_.account();
  engine_.totals_.last_good_poll_at = now_.wall;
  record.was_good = true;
  const auto reason = account.reason();
  const bool ends_pause = engine_.admission_.good_answer(now_, record.is_canary);
  if (engine_.has_said_lowered_ && !engine_.admission_.effective_rate().is_lowered()) {
    engine_.has_said_lowered_ = false;
    step_.say(notices::rate_restored());
  }
  if (!ends_pause) return;
  step_.say(notices::account_resumed(*reason, now_.wall - account.paused_since()));
}

void Engine::Replies::say_paused(Notice cause) {
  const AccountGate& account = engine_.admission_.account();
  step_.say(notices::account_paused(std::move(cause), *account.reason(), engine_.settings_.host,
                                    account.next_canary() - now_.mono));
}

/// Says that the rate is lowered, once until it is restored. A rate near the configured one is not
/// worth a line: it rises and falls all the time.
void Engine::Replies::say_lowered() {
  constexpr double kWorthALine = 0.75;
  const EffectiveRate& rate = engine_.admission_.effective_rate();
  const bool is_near = rate.configured() > 0 && rate.value() > rate.configured() * kWorthALine;
  if (!rate.is_lowered() || is_near || std::exchange(engine_.has_said_lowered_, true)) return;
  step_.say(notices::rate_lowered(rate.configured(), engine_.settings_.host));
}

notices::Polled Engine::Replies::polled(Slot slot) const {
  return {engine_.roster_.id_of(slot), engine_.roster_[slot].polls};
}

}  // namespace attestrd
