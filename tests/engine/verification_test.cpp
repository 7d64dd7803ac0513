#include "engine/dialogue.h"

namespace attestrd::dialogue {
namespace {

/// A fixture in which every answer is too large to be checked within the step.
class Verifications : public Dialogue {
 protected:
  void SetUp() override {
    Dialogue::SetUp();
    settings.verified_at_once_bytes = 0;
  }
};

TEST_F(Verifications, ASmallAnswerIsCheckedWithinTheStep) {
  settings.verified_at_once_bytes = 1000;
  given_new("h1");
  attestr_says_completed("h1");
  EXPECT_TRUE(ended("h1", Outcome::completed));
  EXPECT_TRUE(verifications.empty());
}

TEST_F(Verifications, ALargeResultEndsNothingBeforeItIsVerified) {
  given_new("h1");
  attestr_says_completed("h1");
  ASSERT_EQ(verifications.size(), 1U);
  EXPECT_TRUE(settles.empty());
  EXPECT_EQ(engine().report(now()).in_flight, 1U) << "its poll goes on";
  EXPECT_FALSE(engine().report(now()).last_good_poll_at);
  advance(1h);
  EXPECT_EQ(polls_started, 1U) << "it has no second poll meanwhile";
  verified();
  EXPECT_TRUE(ended("h1", Outcome::completed));
  EXPECT_EQ(settled("h1")->finish.form, SigningForm::raw);
  EXPECT_EQ(engine().report(now()).in_flight, 0U);
  EXPECT_EQ(engine().report(now()).last_good_poll_at, now().wall);
}

TEST_F(Verifications, ABadSignatureOfALargeResultIsADoubt) {
  given_new("h1");
  for (int i = 0; i < 3; ++i) {
    delay_until_poll("h1");
    attestr_says_forged("h1");
    EXPECT_TRUE(settles.empty());
    verified();
  }
  EXPECT_TRUE(ended("h1", Outcome::rejected, Reason::invalid_signature));
}

TEST_F(Verifications, ALargeAnswerWithoutAResultIsParsedOutsideOfTheStepToo) {
  given_new("h1");
  attestr_says_pending("h1");
  EXPECT_FALSE(engine().report(now()).last_good_poll_at);
  verified();
  EXPECT_EQ(engine().report(now()).last_good_poll_at, now().wall);
  delay_until_poll("h1");
  attestr_says("h1", 200, R"({"_id":"h1","consumed":true,"archived":1764000000000,"result":null})");
  EXPECT_TRUE(settles.empty());
  verified();
  EXPECT_TRUE(ended("h1", Outcome::archived));
}

TEST_F(Verifications, AnotherHandshakeIsPolledMeanwhile) {
  given_new("large");
  attestr_says_completed("large");
  given_new("other");
  attestr_says_pending("other");
  EXPECT_EQ(verifications.size(), 2U);
  EXPECT_EQ(polls_started, 2U);
}

TEST_F(Verifications, AnAnswerIsKeptUntilItIsCheckedOrWritten) {
  given_new("pending");
  attestr_says_pending("pending");
  const auto pending_bytes = engine().kept_bytes();
  EXPECT_GT(pending_bytes, 0U);
  given_new("done");
  attestr_says_completed("done");
  const auto done_bytes = engine().kept_bytes() - pending_bytes;
  EXPECT_GT(done_bytes, 0U);
  verified();
  EXPECT_EQ(engine().kept_bytes(), done_bytes);
  verified();
  EXPECT_GE(engine().kept_bytes(), done_bytes) << "its record is not written yet";
  step(Settled{id("done")});
  EXPECT_EQ(engine().kept_bytes(), 0U);
}

TEST_F(Verifications, PollingWaitsWhileHalfOfTheMemoryIsKept) {
  settings.answer_memory_bytes = 200;
  given_new("h1");
  attestr_says_completed("h1");
  ASSERT_GT(engine().kept_bytes(), 100U);
  given_new("h2");
  EXPECT_FALSE(polls("h2"));
  verified();
  EXPECT_FALSE(polls("h2"));
  step(Settled{id("h1")});
  EXPECT_TRUE(polls("h2"));
}

TEST_F(Verifications, AHandshakeLostDuringVerificationIsRemoved) {
  given_new("h1");
  attestr_says_completed("h1");
  step(Lost{id("h1")});
  verified();
  EXPECT_TRUE(settles.empty());
  EXPECT_TRUE(engine().is_empty());
  EXPECT_EQ(engine().report(now()).in_flight, 0U);
  EXPECT_EQ(engine().kept_bytes(), 0U);
}

TEST_F(Verifications, AHandshakeProlongedDuringVerificationIsStillCompleted) {
  given_new("h1", 1h);
  attestr_says_completed("h1");
  given_new("h1", 24h);
  verified();
  EXPECT_TRUE(ended("h1", Outcome::completed));
  EXPECT_EQ(settles.size(), 1U);
}

TEST_F(Verifications, AStopWaitsForTheVerification) {
  given_new("h1");
  attestr_says_completed("h1");
  step(Stop{});
  EXPECT_FALSE(engine().is_quiet());
  verified();
  EXPECT_TRUE(ended("h1", Outcome::completed));
  step(Settled{id("h1")});
  EXPECT_TRUE(engine().is_quiet());
}

TEST_F(Verifications, ACanaryResumesOnceItsResultIsVerified) {
  given_new("h1");
  attestr_says_code("h1", 401, 4016);
  verified();
  delay_until_poll("h1");
  attestr_says_completed("h1");
  EXPECT_TRUE(engine().report(now()).paused_for);
  verified();
  EXPECT_FALSE(engine().report(now()).paused_for);
  EXPECT_EQ(said(Event::account_resumed), 1U);
}

/// A fixture in which a client secret is replaced, and one bad signature rejects a handshake.
class NewSecret : public Dialogue {
 protected:
  static constexpr std::string_view kNewSecret = "another secret";

  void SetUp() override {
    Dialogue::SetUp();
    settings.signature_attempts = 1;
  }
  void attestr_signs_with_the_new_secret(std::string_view text) { attestr_says_forged(text); }
  void attestr_signs_with_the_old_secret(std::string_view text) { attestr_says_completed(text); }
};

TEST_F(NewSecret, AnswersUnderWayMayBeSignedWithEither) {
  given_new("h1");
  given_new("h2");
  reload_with(kNewSecret);
  attestr_signs_with_the_old_secret("h1");
  attestr_signs_with_the_new_secret("h2");
  EXPECT_TRUE(ended("h1", Outcome::completed));
  EXPECT_TRUE(ended("h2", Outcome::completed));
}

TEST_F(NewSecret, SeveralReloadsRejectNothingThatIsUnderWay) {
  given_new("h1");
  reload_with(kNewSecret);
  reload_with(kNewSecret);
  reload_with("a third one");
  attestr_signs_with_the_old_secret("h1");
  EXPECT_TRUE(ended("h1", Outcome::completed));
}

TEST_F(NewSecret, ALargeResultMayBeVerifiedAfterTheReload) {
  settings.verified_at_once_bytes = 0;
  given_new("h1");
  attestr_signs_with_the_old_secret("h1");
  reload_with(kNewSecret);
  verified();
  EXPECT_TRUE(ended("h1", Outcome::completed));
}

TEST_F(NewSecret, TheOldOneIsForgottenOnceAllThatWasUnderWayHasEnded) {
  given_new("answered");
  given_new("failed");
  reload_with(kNewSecret);
  attestr_says_pending("answered");
  poll_fails("failed", TransportFailure::Kind::reset);
  given_new("h1");
  attestr_signs_with_the_old_secret("h1");
  EXPECT_TRUE(ended("h1", Outcome::rejected, Reason::invalid_signature));
}

TEST_F(NewSecret, TheOldOneIsForgottenWhenALostHandshakeIsAnswered) {
  given_new("lost");
  reload_with(kNewSecret);
  step(Lost{id("lost")});
  attestr_says_pending("lost");
  given_new("h1");
  attestr_signs_with_the_old_secret("h1");
  EXPECT_TRUE(ended("h1", Outcome::rejected, Reason::invalid_signature));
}

TEST_F(NewSecret, WhereNothingIsUnderWayTheOldOneIsForgottenAtOnce) {
  reload_with(kNewSecret);
  given_new("h1");
  attestr_signs_with_the_old_secret("h1");
  EXPECT_TRUE(ended("h1", Outcome::rejected, Reason::invalid_signature));
}

}  // namespace
}  // namespace attestrd::dialogue
