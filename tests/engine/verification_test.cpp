#include "engine/dialogue.h"

namespace attestrd::dialogue {
namespace {

/// A fixture in which every result is too large to be verified within the step.
class Verifications : public Dialogue {
 protected:
  void SetUp() override {
    Dialogue::SetUp();
    settings.verified_at_once_bytes = 0;
  }
};

TEST_F(Verifications, ASmallResultIsVerifiedWithinTheStep) {
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

TEST_F(Verifications, OnlyResultsAreVerified) {
  given_new("h1");
  attestr_says_pending("h1");
  EXPECT_TRUE(verifications.empty());
  delay_until_poll("h1");
  attestr_says("h1", 200, R"({"_id":"h1","consumed":true,"archived":1764000000000,"result":null})");
  EXPECT_TRUE(verifications.empty());
  EXPECT_TRUE(ended("h1", Outcome::archived));
}

TEST_F(Verifications, AHandshakeLostDuringVerificationIsRemoved) {
  given_new("h1");
  attestr_says_completed("h1");
  step(Lost{id("h1")});
  verified();
  EXPECT_TRUE(settles.empty());
  EXPECT_TRUE(engine().is_empty());
  EXPECT_EQ(engine().report(now()).in_flight, 0U);
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
  delay_until_poll("h1");
  attestr_says_completed("h1");
  EXPECT_TRUE(engine().report(now()).paused_for);
  verified();
  EXPECT_FALSE(engine().report(now()).paused_for);
  EXPECT_EQ(said(Event::account_resumed), 1U);
}

}  // namespace
}  // namespace attestrd::dialogue
