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
  VerdictTest() {
    record_.submitted = kNow.mono - 1h;
    record_.deadline = kNow.mono + 1h;
    record_.state = PendingRecord::State::polling;
  }

  /// Returns the verdict on an answer, and applies the change to the record.
  Verdict judged(const Answer& answer, const std::optional<Verification>& verification = {},
                 Now now = kNow) {
    auto [verdict, change] = judge(answer, record_, verification, now, settings_);
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

  PendingRecord record_;
  EngineSettings settings_;
};

TEST_F(VerdictTest, JudgingChangesNothingByItself) {
  const auto judgement = judge(Pending{}, record_, {}, kNow, settings_);
  EXPECT_EQ(record_.last_pending, Mono::min());
  EXPECT_EQ(judgement.change.last_pending, kNow.mono);
}

TEST_F(VerdictTest, APendingAnswerResetsDoubtsAndTheUnknownGrace) {
  record_.doubts = 2;
  record_.is_unknown = true;
  EXPECT_TRUE(waits(judged(Pending{})));
  EXPECT_EQ(record_.last_pending, kNow.mono);
  EXPECT_EQ(record_.doubts, 0);
  EXPECT_FALSE(record_.is_unknown);
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

TEST_F(VerdictTest, ABadSignatureIsRejectedAtTheLastAttempt) {
  const auto first = judged(with_result(), kBad);
  EXPECT_TRUE(retries(first, "invalid_signature", true));
  EXPECT_TRUE(is_healthy(first)) << "Attestr answered";
  EXPECT_EQ(trouble_of(first), "invalid_signature");
  EXPECT_TRUE(retries(judged(with_result(), kBad), "invalid_signature", true));
  EXPECT_EQ(record_.doubts, 2);
  EXPECT_TRUE(ends(judged(with_result(), kBad), Outcome::rejected, Reason::invalid_signature));
}

TEST_F(VerdictTest, ATagOtherThanTheSubmittedOneIsADoubt) {
  settings_.signature_attempts = 1;
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
  const std::string longer(6 * limits::kTagBytes + 1, 'a');
  record_.tag_digest = digest_of_tag(longer);
  EXPECT_TRUE(ends(judged(with_result(longer), kGood), Outcome::rejected, Reason::tag_mismatch))
      << "no submission can have it";
}

TEST_F(VerdictTest, AnAnswerThatLooksForgedIsADoubtAndOtherGarbageIsNot) {
  EXPECT_TRUE(
      retries(judged(Invalid{Invalid::Reason::not_json, 200, 0, false}), "not_json", false));
  EXPECT_EQ(record_.doubts, 0);
  EXPECT_TRUE(retries(judged(forged(Invalid::Reason::wrong_id)), "wrong_id", true));
  EXPECT_TRUE(retries(judged(forged(Invalid::Reason::duplicate_key)), "duplicate_key", true));
  EXPECT_TRUE(ends(judged(forged(Invalid::Reason::wrong_id)), Outcome::rejected, Reason::wrong_id));
}

TEST_F(VerdictTest, ArchivedWithoutAResultEndsAndConsumedWithoutOneWaits) {
  Ended ended;
  ended.consumed = true;
  EXPECT_TRUE(waits(judged(ended)));
  ended.archived = true;
  EXPECT_TRUE(ends(judged(ended), Outcome::archived));
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
  EXPECT_TRUE(waits(judged(Unknown{})));
  EXPECT_TRUE(record_.is_unknown);
  EXPECT_EQ(record_.unknown_since(), kNow.mono);
  const Now before{kNow.mono + settings_.unknown_grace - 1s, kNow.wall};
  EXPECT_TRUE(waits(judged(Unknown{}, {}, before)));
  EXPECT_EQ(record_.unknown_since(), kNow.mono);
  const Now end{kNow.mono + settings_.unknown_grace, kNow.wall};
  EXPECT_TRUE(ends(judged(Unknown{}, {}, end), Outcome::failed, Reason::not_found));
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
