#include "engine/verdict.h"

#include <gtest/gtest.h>

#include <string>

#include "base/limits.h"

namespace attestrd {
namespace {

using namespace std::chrono_literals;

constexpr Now kNow{Mono(1000h), Wall(Duration(1'764'000'000'000'000))};

class VerdictTest : public testing::Test {
 protected:
  using Suspicion = PendingRecord::Suspicion;

  VerdictTest() {
    record_.submitted = kNow.mono - 1h;
    record_.deadline = kNow.mono + 1h;
    record_.state = PendingRecord::State::polling;
  }

  /// Returns the verdict on an answer, and applies the change to the record.
  Verdict judged(const Answer& answer, const std::optional<Verification>& verification = {},
                 Now now = kNow) {
    auto [verdict, change, charge] = judge(answer, record_, verification, now, settings_, peers_);
    apply(change, record_);
    return verdict;
  }
  static Ended with_result(std::string_view tag = "") {
    Ended ended;
    ended.consumed = true;
    ended.result = "{}";
    ended.tag = tag;
    return ended;
  }
  static Invalid forged(Invalid::Reason reason) { return {reason, 200, 0, true}; }

  void given_last_poll() {
    record_.deadline = kNow.mono;
    record_.is_last_poll = true;
  }

  static bool waits(const Verdict& verdict) {
    return std::holds_alternative<verdict::Wait>(verdict);
  }
  static bool ends(const Verdict& verdict, Outcome outcome, Reason reason = Reason::none) {
    const auto* const finish = std::get_if<verdict::Finish>(&verdict);
    return finish && finish->outcome == outcome && finish->reason == reason;
  }
  static bool retries(const Verdict& verdict, std::string_view trouble, bool is_fine) {
    const auto* const retry = std::get_if<verdict::Retry>(&verdict);
    return retry && retry->trouble == trouble && retry->is_healthy == is_fine;
  }

  static inline const Verification kGood{SigningForm::compact};
  static inline const Verification kBad{std::nullopt};

  /// Another handshake is answered well in every respect.
  void given_good_witness() {
    witnesses_.answered(1, Charge::none, kNow.mono + 1s);
    witnesses_.signature_checked(1, true, kNow.mono + 1s);
    witnesses_.tag_compared(1, true, kNow.mono + 1s);
  }
  static Now after(Duration time) { return {kNow.mono + time, kNow.wall + time}; }

  PendingRecord record_;
  EngineSettings settings_;
  Witnesses witnesses_;
  Peers peers_{witnesses_, 0};
};

TEST_F(VerdictTest, JudgingChangesNothingByItself) {
  const auto judgement = judge(Pending{}, record_, {}, kNow, settings_, peers_);
  EXPECT_EQ(record_.last_pending, Mono::min());
  EXPECT_EQ(judgement.change.last_pending, kNow.mono);
}

TEST_F(VerdictTest, APendingAnswerResetsDoubtsAndTheUnknownGrace) {
  judged(Unknown{});
  EXPECT_EQ(record_.suspicion, Suspicion::unknown);
  EXPECT_TRUE(waits(judged(Pending{})));
  EXPECT_EQ(record_.last_pending, kNow.mono);
  EXPECT_EQ(record_.suspicion, Suspicion::none);
}

TEST_F(VerdictTest, AResultIsJudgedByItsVerification) {
  EXPECT_EQ(result_to_verify(Pending{}), nullptr);
  EXPECT_EQ(result_to_verify(Ended{}), nullptr);
  const Answer answer = with_result();
  ASSERT_NE(result_to_verify(answer), nullptr);
  EXPECT_EQ(result_to_verify(answer)->result, "{}");
  const auto good = judged(answer, kGood);
  EXPECT_TRUE(ends(good, Outcome::completed));
  EXPECT_EQ(std::get<verdict::Finish>(good).form, SigningForm::compact);
  EXPECT_TRUE(is_healthy(good));
  EXPECT_EQ(trouble_of(good), "");
}

TEST_F(VerdictTest, ABadSignatureIsRejectedOnceOthersHoldAndTheTimeHasPassed) {
  const auto first = judged(with_result(), kBad);
  EXPECT_TRUE(retries(first, "invalid_signature", true));
  EXPECT_TRUE(is_healthy(first)) << "Attestr answered";
  EXPECT_EQ(trouble_of(first), "invalid_signature");
  EXPECT_EQ(std::get<verdict::Retry>(first).decides_at, kNow.mono + settings_.witness_time);
  given_good_witness();
  for (int i = 0; i < 10; ++i)
    EXPECT_TRUE(retries(judged(with_result(), kBad, after(1min)), "invalid_signature", true));
  EXPECT_TRUE(ends(judged(with_result(), kBad, after(settings_.witness_time)), Outcome::rejected,
                   Reason::invalid_signature));
}

TEST_F(VerdictTest, ABadSignatureNeedsSeveralAnswers) {
  given_good_witness();
  judged(with_result(), kBad);
  EXPECT_TRUE(retries(judged(with_result(), kBad, after(1h)), "invalid_signature", true));
  EXPECT_TRUE(
      ends(judged(with_result(), kBad, after(1h)), Outcome::rejected, Reason::invalid_signature));
}

TEST_F(VerdictTest, NothingIsRejectedWhileNoSignatureHolds) {
  record_.deadline = kNow.mono + 24h;
  judged(with_result(), kBad);
  for (Duration time = 1min; time < 24h; time += 10min) {
    witnesses_.answered(1, Charge::none, after(time).mono);
    witnesses_.signature_checked(1, false, after(time).mono);
    EXPECT_TRUE(retries(judged(with_result(), kBad, after(time)), "invalid_signature", true));
  }
  const Now end = after(24h + limits::kUnreachableAfter);
  EXPECT_TRUE(ends(judged(with_result(), kBad, end), Outcome::rejected, Reason::invalid_signature))
      << "a day after the deadline";
}

TEST_F(VerdictTest, WithoutAWitnessALongerTimeIsNeeded) {
  record_.deadline = kNow.mono + 24h;
  for (int i = 0; i < 3; ++i) judged(with_result(), kBad);
  const Duration time = limits::kLoneGraces * settings_.unknown_grace;
  EXPECT_TRUE(retries(judged(with_result(), kBad, after(time - 1s)), "invalid_signature", true));
  EXPECT_TRUE(
      ends(judged(with_result(), kBad, after(time)), Outcome::rejected, Reason::invalid_signature));
}

TEST_F(VerdictTest, ATagOtherThanTheSubmittedOneIsADoubt) {
  settings_.signature_attempts = 1;
  settings_.witness_time = 0s;
  given_good_witness();
  record_.tag_digest = digest_of_tag("mi\"ne");
  EXPECT_TRUE(ends(judged(with_result("theirs"), kGood), Outcome::rejected, Reason::tag_mismatch));
  EXPECT_TRUE(ends(judged(with_result("mi\\u0022ne"), kGood), Outcome::completed));
}

TEST_F(VerdictTest, TheLongestTagMayBeEscapedThroughout) {
  std::string escaped;
  for (std::size_t i = 0; i < limits::kTagBytes; ++i) escaped += "\\u0061";
  record_.tag_digest = digest_of_tag(std::string(limits::kTagBytes, 'a'));
  EXPECT_TRUE(ends(judged(with_result(escaped), kGood), Outcome::completed));
  settings_.signature_attempts = 1;
  settings_.witness_time = 0s;
  given_good_witness();
  const std::string longer(6 * limits::kTagBytes + 1, 'a');
  record_.tag_digest = digest_of_tag(longer);
  EXPECT_TRUE(ends(judged(with_result(longer), kGood), Outcome::rejected, Reason::tag_mismatch))
      << "no submission can have it";
}

TEST_F(VerdictTest, AnAnswerThatLooksForgedIsADoubtAndOtherGarbageIsNot) {
  EXPECT_TRUE(
      retries(judged(Invalid{Invalid::Reason::not_json, 200, 0, false}), "not_json", false));
  EXPECT_EQ(record_.suspicion, Suspicion::none);
  given_good_witness();
  EXPECT_TRUE(retries(judged(forged(Invalid::Reason::duplicate_key)), "duplicate_key", true));
  EXPECT_EQ(record_.suspicion, Suspicion::duplicate_key);
  for (unsigned i = 1; i < settings_.signature_attempts; ++i)
    EXPECT_TRUE(retries(judged(forged(Invalid::Reason::wrong_id)), "wrong_id", true));
  EXPECT_EQ(record_.suspicion, Suspicion::wrong_id);
  EXPECT_TRUE(ends(judged(forged(Invalid::Reason::wrong_id), {}, after(5min)), Outcome::rejected,
                   Reason::wrong_id));
}

TEST_F(VerdictTest, ArchivedWithoutAResultIsAskedAgainAndConsumedWithoutOneWaits) {
  Ended ended;
  ended.consumed = true;
  EXPECT_TRUE(waits(judged(ended)));
  given_good_witness();
  ended.archived = true;
  EXPECT_TRUE(retries(judged(ended), "archived", true));
  EXPECT_TRUE(retries(judged(ended, {}, after(5min)), "archived", true)) << "the second answer";
  EXPECT_TRUE(ends(judged(ended, {}, after(5min)), Outcome::archived));
}

TEST_F(VerdictTest, AResultAfterAnArchivedAnswerIsDelivered) {
  Ended archived;
  archived.archived = true;
  judged(archived);
  EXPECT_TRUE(ends(judged(with_result(), kGood), Outcome::completed));
}

TEST_F(VerdictTest, APendingAnswerToTheLastPollIsExpired) {
  given_last_poll();
  EXPECT_TRUE(ends(judged(Pending{}), Outcome::failed, Reason::expired));
  EXPECT_EQ(record_.last_pending, kNow.mono);
  record_.deadline = kNow.mono + 1s;
  EXPECT_TRUE(waits(judged(Pending{}))) << "it was prolonged meanwhile";
}

TEST_F(VerdictTest, AConsumedHandshakeGetsOvertimeOnce) {
  given_last_poll();
  Ended ended;
  ended.consumed = true;
  EXPECT_TRUE(waits(judged(ended)));
  EXPECT_TRUE(record_.is_overtime);
  EXPECT_EQ(record_.deadline, kNow.mono + settings_.give_up_after);
  EXPECT_TRUE(record_.is_deadline_measured());
  const Now later{record_.deadline, kNow.wall + settings_.give_up_after};
  EXPECT_TRUE(ends(judged(ended, {}, later), Outcome::failed, Reason::expired));
}

TEST_F(VerdictTest, AnUnknownHandshakeFailsOnceItsGraceHasPassed) {
  EXPECT_TRUE(retries(judged(Unknown{}), "", true)) << "not worth a line";
  EXPECT_EQ(record_.suspicion, Suspicion::unknown);
  EXPECT_EQ(record_.suspect_since(), kNow.mono);
  given_good_witness();
  for (int i = 0; i < 3; ++i)
    EXPECT_TRUE(retries(judged(Unknown{}, {}, after(settings_.unknown_grace - 1s)), "", true));
  EXPECT_EQ(record_.suspect_since(), kNow.mono);
  EXPECT_TRUE(ends(judged(Unknown{}, {}, after(settings_.unknown_grace)), Outcome::failed,
                   Reason::not_found));
}

TEST_F(VerdictTest, NothingIsUnknownForGoodWhileAllAre) {
  record_.deadline = kNow.mono + 24h;
  judged(Unknown{});
  for (Duration time = 1min; time < 24h; time += 10min) {
    witnesses_.answered(1, Charge::unknown, after(time).mono);
    EXPECT_TRUE(retries(judged(Unknown{}, {}, after(time)), "", true));
  }
}

TEST_F(VerdictTest, AHandshakeThatWasSeenPendingIsNeverNotFound) {
  record_.deadline = kNow.mono + 2h;
  judged(Pending{});
  given_good_witness();
  for (Duration time = 1s; time < 2h; time += 1min)
    EXPECT_TRUE(retries(judged(Unknown{}, {}, after(time)), "", true));
  record_.is_last_poll = true;
  EXPECT_TRUE(ends(judged(Unknown{}, {}, after(2h)), Outcome::failed, Reason::expired));
}

TEST_F(VerdictTest, ADayAfterItsDeadlineWithoutAnAnswerAHandshakeIsUnreachable) {
  const auto silent = [this](Duration time) {
    const auto [verdict, change, charge] = judge_silence(record_, after(time).mono);
    apply(change, record_);
    return ends(verdict, Outcome::failed, Reason::unreachable);
  };
  EXPECT_FALSE(silent(59min));
  EXPECT_EQ(record_.suspicion, Suspicion::none) << "its deadline has not passed";
  for (Duration time = 1h; time < 25h; time += 1h) EXPECT_FALSE(silent(time));
  EXPECT_TRUE(silent(25h));
  judged(Pending{});
  EXPECT_EQ(record_.suspicion, Suspicion::none);
  EXPECT_FALSE(silent(26h)) << "it was answered since";
  EXPECT_FALSE(silent(60h)) << "that is the second poll";
  EXPECT_TRUE(silent(60h));
}

TEST_F(VerdictTest, SilenceDoesNotEndOtherRunsOfAnswersBeforeADayAfterTheDeadline) {
  given_last_poll();
  judged(Unknown{});
  const auto silent = [this](Mono now) {
    const auto [verdict, change, charge] = judge_silence(record_, now);
    apply(change, record_);
    return ends(verdict, Outcome::failed, Reason::unreachable);
  };
  const Mono day_after = record_.deadline + limits::kUnreachableAfter;
  for (int i = 0; i < 10; ++i) EXPECT_FALSE(silent(day_after - 1s));
  EXPECT_EQ(record_.suspicion, Suspicion::unknown);
  EXPECT_FALSE(silent(day_after)) << "a day of silence begins";
  EXPECT_EQ(record_.suspicion, Suspicion::unreachable);
  EXPECT_FALSE(silent(day_after + limits::kUnreachableAfter - 1s));
  EXPECT_TRUE(silent(day_after + limits::kUnreachableAfter));
}

TEST_F(VerdictTest, TroubleThatChangesCountsTogetherADayAfterTheDeadline) {
  given_last_poll();
  judged(forged(Invalid::Reason::wrong_id));
  const Duration day_after = record_.deadline + limits::kUnreachableAfter - kNow.mono;
  for (unsigned i = 0; i < settings_.signature_attempts; ++i) {
    const auto reason = i % 2 == 0 ? Invalid::Reason::duplicate_key : Invalid::Reason::wrong_id;
    judged(forged(reason), {}, after(day_after - 1s));
    EXPECT_EQ(record_.witnesses, 1U);
  }
  judged(Unknown{}, {}, after(day_after));
  EXPECT_TRUE(ends(judged(forged(Invalid::Reason::wrong_id), {}, after(day_after + 5min)),
                   Outcome::rejected, Reason::wrong_id));
}

TEST_F(VerdictTest, EachAccountTroubleHasItsPause) {
  using Kind = AccountTrouble::Kind;
  const std::pair<Kind, PauseReason> rows[] = {{Kind::unauthorized, PauseReason::unauthorized},
                                               {Kind::forbidden, PauseReason::forbidden},
                                               {Kind::low_credits, PauseReason::low_credits},
                                               {Kind::wrong_version, PauseReason::wrong_version},
                                               {Kind::rate_limited, PauseReason::rate_limited},
                                               {Kind::daily_limit, PauseReason::daily_limit}};
  for (const auto& [kind, reason] : rows) {
    const auto verdict = judged(AccountTrouble{kind, 400, 0});
    ASSERT_TRUE(std::holds_alternative<verdict::Pause>(verdict));
    EXPECT_EQ(std::get<verdict::Pause>(verdict).reason, reason);
    EXPECT_FALSE(is_healthy(verdict));
    EXPECT_EQ(trouble_of(verdict), name_of(kind));
  }
}

TEST_F(VerdictTest, AServerErrorIsRetried) {
  const auto verdict = judged(ServerTrouble{503, 0});
  EXPECT_TRUE(retries(verdict, "server_error", false));
  EXPECT_FALSE(is_healthy(verdict));
}

TEST_F(VerdictTest, AnEmptyTagHasNoDigest) {
  EXPECT_EQ(digest_of_tag(""), 0U);
  EXPECT_NE(digest_of_tag("a"), digest_of_tag("b"));
}

}  // namespace
}  // namespace attestrd
