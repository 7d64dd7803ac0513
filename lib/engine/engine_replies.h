#pragma once

#include <optional>
#include <string_view>

#include "engine/engine.h"
#include "engine/notices.h"
#include "engine/replies.h"

namespace attestrd {

/// The handlers of a reply: the handshake waits, is polled again, or ends, and the account may
/// pause. An object lives for one event.
// More than 20 methods: one for each end of a poll and each of its effects.
class Engine::Replies {
 public:
  Replies(Engine& engine, const Step& step) : engine_(engine), step_(step), now_(step.now) {}

  void hear(const Replied& event);
  void hear(const Verified& event);
  void recall(const DoubtedFound& event);

  /// Ends a handshake that no lane, wheel or poll names, as an operator demands.
  void cancel(Slot slot);

 private:
  bool drop_if_lost(Slot slot);
  void end_poll(Slot slot);
  void on_answer(Slot slot, const HttpResponse& response, const CheckedAnswer& checked);
  std::optional<Verification> in_usual_form(Slot slot,
                                            const std::optional<Verification>& verification);
  void on_failure(Slot slot, const TransportFailure& failure);

  void wait(Slot slot);
  void retry(Slot slot, std::optional<Duration> retry_after, const verdict::Retry& verdict = {});
  void pause(Slot slot, const verdict::Pause& verdict, std::optional<Duration> retry_after);
  bool give_up_silent(Slot slot);
  std::optional<KeptAnswers::Answer> take_untrusted(Slot slot, const verdict::Finish& verdict,
                                                    const Answer& answer);
  void finish(Slot slot, const verdict::Finish& verdict, const Answer& answer,
              std::string_view body);
  void store_doubted(Slot slot, Reason reason, const Answer& answer, std::string_view body);
  bool end_with_kept(Slot slot, const HttpResponse& response, const Answer& answer);
  bool keep_untrusted(Slot slot, const CheckedAnswer& checked, std::string_view body,
                      const Verdict& verdict);

  void testify(Slot slot, const std::optional<Verification>& verification, Charge charge);
  FailedPoll failed(Slot slot) const;
  void observe(Slot slot, const Answer& answer, const Verdict& verdict);
  void count_answer(PollAnswer answer);
  bool observe_done(Slot slot, Duration last_age, Duration age);
  void count_good_answer(PendingRecord& record);
  void say_paused(Notice cause);
  void say_lowered();
  notices::Polled polled(Slot slot) const;

  Engine& engine_;
  const Step& step_;
  Now now_;
};

}  // namespace attestrd
