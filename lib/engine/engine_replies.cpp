#include "engine/engine_replies.h"

#include <algorithm>
#include <string>
#include <utility>

#include "base/check.h"
#include "handshake/handshake_names.h"

namespace attestrd {
namespace {

/// Counts the change that a reply makes to the number of handshakes in lasting trouble, at the end
/// of its scope.
class TroubleCount {
 public:
  TroubleCount(std::uint64_t& count, const PendingRecord& record) : count_(count), record_(record) {
    if (record.is_in_lasting_trouble()) --count_;
  }
  ~TroubleCount() {
    if (record_.is_in_lasting_trouble()) ++count_;
  }
  TroubleCount(TroubleCount&&) = delete;

 private:
  std::uint64_t& count_;
  const PendingRecord& record_;
};

}  // namespace

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
  const auto checked = check_answer(response, id, engine_.verifier_);
  if (!end_with_kept(slot, response, checked.answer)) on_answer(slot, response, checked);
}

/// Once Attestr has archived a result, verifies the kept answer with the secrets of a later reload.
/// If it holds now, judges it instead of the answer that came. Returns whether it did so. One that
/// takes long to verify stays as it is, for `attestrd readmit`.
bool Engine::Replies::end_with_kept(Slot slot, const HttpResponse& response, const Answer& answer) {
  const auto* const ended = std::get_if<Ended>(&answer);
  if (ended == nullptr || !ended->archived || !ended->result.empty()) return false;
  auto* const kept = engine_.untrusted_.find(slot);
  if (kept == nullptr || kept->secrets == engine_.secrets_) return false;
  if (kept->body.size() > engine_.settings_.verified_at_once_bytes) return false;
  kept->secrets = engine_.secrets_;
  HttpResponse earlier = response;
  earlier.body = kept->body;
  const auto checked = check_answer(earlier, engine_.roster_.id_of(slot), engine_.verifier_);
  if (!checked.verification || !checked.verification->form) return false;
  on_answer(slot, earlier, checked);
  return true;
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
  count_answer(poll_answer(answer));
  const bool is_older_than_reload = record.is_older_than_reload;
  end_poll(slot);
  if (engine_.server_clock_.compare(response.date, now_)) {
    step_.say(notices::clock_differs(*engine_.server_clock_.difference(), engine_.settings_.host));
  }
  const auto judged = judge_answer(response, answer, record, verification, now_, engine_.settings_,
                                   {engine_.witnesses_, slot}, now_.mono < engine_.doubtful_until_);
  // A signature that holds by a former secret says nothing about the new ones.
  const bool is_former = is_older_than_reload && verification && verification->form;
  testify(slot, is_former ? std::nullopt : verification, judged.charge);
  observe(slot, answer, judged.verdict);
  const TroubleCount count(engine_.in_trouble_, record);
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
                  admission.failure(now_, judged.retry_after, failed(slot))) {
                say_paused(why);
              }
              if (!verdict.trouble.empty()) step_.say(std::move(why));
              if (!verdict.is_healthy && give_up_silent(slot)) return;
              if (!keep_untrusted(slot, checked, response.body, judged.verdict)) return;
              record.was_good &= !verdict.is_healthy;
              retry(slot, judged.retry_after, verdict);
            },
            [&](const verdict::Pause& verdict) {
              if (admission.trouble(now_, verdict.reason, judged.retry_after, failed(slot))) {
                say_paused(
                    notices::account_trouble(polled(slot), response, answer, verdict.trouble));
              } else if (admission.account().is_open() &&
                         verdict.reason != PauseReason::rate_limited) {
                step_.say(notices::poll_error(polled(slot), response, answer, verdict.trouble));
              }
              pause(slot, verdict, judged.retry_after);
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
  PendingRecord& record = engine_.roster_[slot];
  Admission& admission = engine_.admission_;
  end_poll(slot);
  count_answer(poll_answer(failure));
  Notice why = notices::poll_error(polled(slot), failure, engine_.settings_.host);
  const FailureKind kind = kind_of(failure);
  const TroubleCount count(engine_.in_trouble_, record);
  if (kind == FailureKind::no_memory) {
    admission.answer_lost(record.is_canary);
  } else {
    engine_.witnesses_.answered(slot, Charge::other, now_.mono);
  }
  const auto reason = pause_for(kind);
  const bool begins_pause = reason ? admission.trouble(now_, *reason, std::nullopt, failed(slot))
                                   : counts_against_server(kind, record) &&
                                         admission.failure(now_, std::nullopt, failed(slot));
  if (begins_pause) say_paused(why);
  if (!reason || admission.account().is_open()) step_.say(std::move(why));
  if (kind != FailureKind::no_memory && give_up_silent(slot)) return;
  if (!reason || admission.account().is_open()) return retry(slot, std::nullopt);
  if (record.is_cancelled) return cancel(slot);
  record.was_good &= !record.is_canary;  // Another handshake is the next canary.
  engine_.make_ready(slot, now_.mono);
}

// ---- The next state of the handshake.

void Engine::Replies::wait(Slot slot) {
  PendingRecord& record = engine_.roster_[slot];
  if (record.is_cancelled) return cancel(slot);
  record.errors = 0;
  record.is_hint_spent |= record.is_announced;
  record.is_announced = false;
  const Duration age = now_.mono - record.submitted;
  PollTiming& timing = engine_.timing_;
  // A hint that came during the poll may be for a result that was not there when it began.
  const auto due = record.is_hinted ? timing.after_hint(now_.mono, now_.mono)
                                    : timing.after_pending(record.load, age, now_.mono,
                                                           engine_.prng_, record.is_hint_spent);
  engine_.wait_until(slot, due, now_.mono);
}

/// Polls the handshake again after its own backoff, which grows further while others are answered
/// well. If it is in lasting trouble, its load no longer raises the price of all polls.
void Engine::Replies::retry(Slot slot, std::optional<Duration> retry_after,
                            const verdict::Retry& verdict) {
  PendingRecord& record = engine_.roster_[slot];
  if (record.is_cancelled) return cancel(slot);
  PollTiming::ErrorBackoff backoff{.errors = record.errors, .retry_after = retry_after};
  if (record.errors < PendingRecord::kMostErrors) ++record.errors;
  if (!verdict.is_of_all && engine_.admission_.account().is_answered(now_.mono))
    backoff.cap = limits::kOwnBackoffCap;
  if (record.is_in_lasting_trouble()) {
    backoff.floor = engine_.crowd_delay(now_, verdict.is_of_all);
    engine_.timing_.remove(std::exchange(record.load, 0));
  }
  // A Retry-After stays in force, whatever the configuration.
  record.may_be_configured = !record.was_good && !retry_after;
  auto due = engine_.timing_.after_error(backoff, now_.mono, engine_.prng_);
  if (verdict.decides_at) due.at = std::min(due.at, *verdict.decides_at);
  engine_.wait_until(slot, due, now_.mono);
}

/// Lets the handshake wait for the end of the pause; if there is none, the trouble is its own. A
/// first refusal for the rate is nobody's trouble: the rate is lower now.
void Engine::Replies::pause(Slot slot, const verdict::Pause& verdict,
                            std::optional<Duration> retry_after) {
  PendingRecord& record = engine_.roster_[slot];
  const bool is_open = engine_.admission_.account().is_open();
  const bool is_refused = verdict.reason == PauseReason::rate_limited;
  if (is_refused) say_lowered();
  record.was_good &= is_refused;
  if (give_up_silent(slot)) return;
  if (record.is_cancelled) return cancel(slot);
  if (is_open && (!is_refused || record.errors > 0)) return retry(slot, retry_after);
  if (is_open) record.errors = 1;
  engine_.make_ready(slot, now_.mono);
}

void Engine::Replies::cancel(Slot slot) {
  finish(slot, {Outcome::failed, Reason::cancelled, {}}, ServerTrouble{}, {});
}

/// Ends a handshake that got no answer of Attestr for too long. Returns whether it did so.
bool Engine::Replies::give_up_silent(Slot slot) {
  PendingRecord& record = engine_.roster_[slot];
  const Judgement judgement = judge_silence(record, now_.mono);
  apply(judgement.change, record);
  const auto* const verdict = std::get_if<verdict::Finish>(&judgement.verdict);
  if (verdict != nullptr) finish(slot, *verdict, ServerTrouble{}, {});
  return verdict != nullptr;
}

/// Keeps the answer if its result can't be trusted yet. If there is no memory for it, ends the
/// handshake: its record keeps the answer. Returns whether the handshake goes on.
bool Engine::Replies::keep_untrusted(Slot slot, const CheckedAnswer& checked, std::string_view body,
                                     const Verdict& verdict) {
  if (!checked.verification) return true;
  const auto reason = reason_named(trouble_of(verdict));
  ATTESTRD_CHECK(reason);
  const auto is_pending_again = [this](Slot kept) {
    // One of a process before is in doubt, though this one has not seen it so.
    const bool is_older = engine_.untrusted_.find(kept)->secrets != engine_.secrets_;
    return !is_older && engine_.roster_[kept].suspicion == PendingRecord::Suspicion::none;
  };
  const auto* const before = engine_.untrusted_.find(slot);
  const bool is_stored = before != nullptr && before->reason == *reason && before->body == body;
  const bool is_kept =
      engine_.untrusted_.keep(slot,
                              {*reason, std::string(body), std::string(tag_of(checked.answer)),
                               std::string(request_id_of(checked.answer)), engine_.secrets_},
                              is_pending_again);
  if (!is_kept) finish(slot, {Outcome::rejected, *reason, {}}, checked.answer, body);
  if (is_kept && !is_stored) store_doubted(slot, *reason, checked.answer, body);
  return is_kept;
}

void Engine::Replies::store_doubted(Slot slot, Reason reason, const Answer& answer,
                                    std::string_view body) {
  const PendingRecord& record = engine_.roster_[slot];
  step_.actions.emplace_back(StoreDoubted{{.id = engine_.roster_.id_of(slot),
                                           .outcome = Outcome::rejected,
                                           .reason = reason,
                                           .polls = record.polls,
                                           .last_pending_at = record.last_pending_at(now_),
                                           .finished_at = now_.wall,
                                           .form = {},
                                           .request_id = std::string(request_id_of(answer)),
                                           .tag = std::string(tag_of(answer)),
                                           .response = std::string(body)}});
}

/// Keeps an answer that a process before could not trust. It is no witness of this process, and is
/// verified with the secrets of this process once Attestr has archived the result.
void Engine::Replies::recall(const DoubtedFound& event) {
  const auto slot = engine_.roster_.find(event.id);
  if (!slot || engine_.untrusted_.has(*slot)) return;
  HttpResponse response;
  response.status = 200;
  response.body = event.response;
  const Answer answer = read_answer(response, event.id);  // As when it arrived.
  if (result_to_verify(answer) == nullptr) return;
  engine_.untrusted_.keep(*slot,
                          {event.reason, std::string(event.response), std::string(tag_of(answer)),
                           std::string(request_id_of(answer)), engine_.secrets_ - 1},
                          [](Slot) { return false; });
}

/// Returns the kept answer with a result if the handshake ends without one: the result was there,
/// and may be trusted later. A handshake that expires while it is not consumed has none, and one
/// that an operator cancels needs none.
std::optional<KeptAnswers::Answer> Engine::Replies::take_untrusted(Slot slot,
                                                                   const verdict::Finish& verdict,
                                                                   const Answer& answer) {
  bool has_no_result = false;
  switch (verdict.outcome) {
    case Outcome::archived: has_no_result = true; break;
    case Outcome::failed:
      has_no_result =
          verdict.reason != Reason::cancelled && !std::holds_alternative<Pending>(answer);
      break;
    case Outcome::rejected:
      has_no_result = verdict.reason == Reason::wrong_id || verdict.reason == Reason::duplicate_key;
      break;
    case Outcome::completed: break;
  }
  return has_no_result ? engine_.untrusted_.take(slot) : std::nullopt;
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
  // The answer for an unknown handshake need not be JSON, and is not worth keeping.
  bool keeps_response = verdict.reason != Reason::not_found && !body.empty();
  if (auto untrusted = take_untrusted(slot, verdict, answer)) {
    finish.outcome = Outcome::rejected;
    finish.reason = untrusted->reason;
    finish.request_id = std::move(untrusted->request_id);
    finish.tag = std::move(untrusted->tag);
    finish.response = std::move(untrusted->body);
    keeps_response = false;
  }
  // The body of an earlier answer is not that of the reply.
  if (const auto* const kept = engine_.untrusted_.find(slot);
      kept != nullptr && kept->body.data() == body.data()) {
    finish.response = engine_.untrusted_.take(slot)->body;
    keeps_response = false;
  }
  record.response_bytes = static_cast<std::uint32_t>(
      finish.tag.size() + (keeps_response ? body.size() : finish.response.size()));
  record.state = State::settling;
  engine_.submitted_.remove(record.submitted);
  engine_.admission_.backlog().add(record.response_bytes);
  if (verdict.outcome == Outcome::completed) {
    finish.signature = signature_prefix(result_to_verify(answer)->signature);
    const Mono latest = record.was_pending() ? record.last_pending : record.submitted;
    engine_.totals_.counters.observe(Metric::detection_delay,
                                     std::chrono::duration<double>(now_.mono - latest).count());
  }
  step_.actions.emplace_back(Settle{std::move(finish), keeps_response});
}

// ---- Effects on the witnesses, the hazard, the account and the log.

/// Records what the answer shows about the trouble of others.
void Engine::Replies::testify(Slot slot, const std::optional<Verification>& verification,
                              Charge charge) {
  Witnesses& witnesses = engine_.witnesses_;
  const bool is_about_result =
      charge == Charge::invalid_signature || charge == Charge::tag_mismatch;
  witnesses.answered(slot, is_about_result ? Charge::none : charge, now_.mono);
  if (!verification) return;
  const bool holds = verification->form.has_value();
  if (holds && engine_.roster_[slot].tag_digest != 0)
    witnesses.tag_compared(slot, charge != Charge::tag_mismatch, now_.mono);
  if (!holds) engine_.totals_.counters.add(Metric::signature_failures);
  if (!witnesses.signature_checked(slot, holds, now_.mono)) return;
  step_.say(holds ? notices::signatures_holding(polled(slot))
                  : notices::signatures_failing(polled(slot)));
  holds ? engine_.poll_doubted(now_) : engine_.doubted_due_.reset();
}

FailedPoll Engine::Replies::failed(Slot slot) const {
  const std::size_t pending = engine_.roster_.size() - engine_.admission_.backlog().records();
  return {slot, engine_.roster_[slot].is_canary, pending};
}

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
      if (record.is_unwatched || !observe_done(slot, last_age, age)) return;
      step_.actions.emplace_back(Remember{*timing.take_unsaved()});
      return;
  }
}

void Engine::Replies::count_answer(PollAnswer answer) {
  engine_.totals_.counters.add_at(Metric::polls, static_cast<std::size_t>(answer));
}

/// Passes a completion to the hazard, and to the coverage of hints. Returns whether enough of them
/// are unsaved for a save.
bool Engine::Replies::observe_done(Slot slot, Duration last_age, Duration age) {
  const PendingRecord& record = engine_.roster_[slot];
  PollTiming& timing = engine_.timing_;
  if (record.has_hint()) {
    timing.hints().add_announced(now_.mono);
    const auto hinted_at = record.hinted_at();
    return timing.saw_announced(last_age, hinted_at ? *hinted_at - record.submitted : age, age);
  }
  // A hint that came too early was the only one for this result.
  if (!record.is_hint_spent)
    timing.hints().add_unannounced(Roster::hash_of(engine_.roster_.id_of(slot)));
  return timing.saw_done(last_age, age);
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
