#include "engine/dialogue.h"

namespace attestrd::dialogue {
namespace {

using Terminal = Dialogue;

TEST_F(Terminal, ConsumedWithAValidSignatureIsCompleted) {
  given_new("h1");
  EXPECT_TRUE(polls("h1"));
  attestr_says_completed("h1");
  EXPECT_TRUE(ended("h1", Outcome::completed));
  EXPECT_TRUE(settled("h1")->keeps_response);
  EXPECT_EQ(settled("h1")->finish.form, SigningForm::raw);
  EXPECT_EQ(settled("h1")->finish.request_id, kRequestId);
  EXPECT_EQ(settled("h1")->finish.tag, "290846");
  EXPECT_EQ(settled("h1")->finish.polls, 1U);
}

TEST_F(Terminal, OnlyACompletedHandshakeHasTheSignatureOfItsResult) {
  settings.signature_attempts = 1;
  settings.witness_time = settings.unknown_grace = 0s;
  for (const auto* const text : {"h1", "h2"}) {
    given_new(text);
    attestr_says_completed(text);
  }
  EXPECT_TRUE(settled("h1")->finish.signature);
  EXPECT_EQ(settled("h1")->finish.signature, settled("h2")->finish.signature);
  EXPECT_FALSE(settled("h1")->finish.is_repeat) << "which the ledger decides";
  given_new("h3");
  attestr_says_forged("h3");
  EXPECT_TRUE(ended("h3", Outcome::rejected, Reason::invalid_signature));
  EXPECT_FALSE(settled("h3")->finish.signature);
}

TEST_F(Terminal, AnEndedHandshakeIsNotPolledAgain) {
  given_new("h1");
  attestr_says_completed("h1");
  advance(48h);
  step(Settled{id("h1")});
  EXPECT_TRUE(engine().is_empty());
  advance(48h);
  EXPECT_EQ(polls_started, 1U);
}

TEST_F(Terminal, PendingWaitsAndRemembersWhenItWasLastSeenPending) {
  given_new("h1");
  attestr_says_pending("h1");
  const Wall seen = now().wall;
  EXPECT_EQ(settles.size(), 0U);
  delay_until_poll("h1");
  attestr_says_completed("h1");
  EXPECT_EQ(settled("h1")->finish.last_pending_at, seen);
  EXPECT_EQ(settled("h1")->finish.polls, 2U);
}

TEST_F(Terminal, ABadSignatureIsRetriedAndRejectedAtTheThird) {
  settings.witness_time = settings.unknown_grace = 0s;
  given_new("h1");
  attestr_says_forged("h1");
  delay_until_poll("h1");
  attestr_says_forged("h1");
  EXPECT_EQ(settles.size(), 0U);
  delay_until_poll("h1");
  attestr_says_forged("h1");
  EXPECT_TRUE(ended("h1", Outcome::rejected, Reason::invalid_signature));
  EXPECT_EQ(said(Event::poll_error), 2U);
}

TEST_F(Terminal, AGoodSignatureAfterABadOneIsCompleted) {
  given_new("h1");
  attestr_says_forged("h1");
  delay_until_poll("h1");
  attestr_says_completed("h1");
  EXPECT_TRUE(ended("h1", Outcome::completed));
}

TEST_F(Terminal, AWrongIdIsRejectedOnlyAfterTheAttempts) {
  settings.witness_time = settings.unknown_grace = 0s;
  given_new("h1");
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(settles.size(), 0U);
    delay_until_poll("h1");
    attestr_says("h1", 200, R"({"_id":"h2","consumed":false})");
  }
  EXPECT_TRUE(ended("h1", Outcome::rejected, Reason::wrong_id));
}

TEST_F(Terminal, ADuplicateKeyIsRejectedOnlyAfterTheAttempts) {
  settings.witness_time = settings.unknown_grace = 0s;
  given_new("h1");
  for (int i = 0; i < 3; ++i) {
    delay_until_poll("h1");
    attestr_says("h1", 200, R"({"_id":"h1","consumed":false,"consumed":true})");
  }
  EXPECT_TRUE(ended("h1", Outcome::rejected, Reason::duplicate_key));
}

TEST_F(Terminal, GarbageNeverEndsAHandshake) {
  given_new("h1");
  for (int i = 0; i < 50; ++i) {
    delay_until_poll("h1");
    attestr_says("h1", 200, "<html>");
  }
  EXPECT_EQ(settles.size(), 0U);
  delay_until_poll("h1");
  attestr_says_completed("h1");
  EXPECT_TRUE(ended("h1", Outcome::completed));
}

TEST_F(Terminal, ArchivedWithoutAResultIsArchived) {
  settings.witness_time = settings.unknown_grace = 0s;
  given_new("h1");
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(settles.size(), 0U);
    delay_until_poll("h1");
    attestr_says_archived("h1");
  }
  EXPECT_TRUE(ended("h1", Outcome::archived));
}

TEST_F(Terminal, ArchivedWithAGoodResultIsDelivered) {
  given_new("h1");
  attestr_says("h1", 200,
               R"({"_id":"h1","consumed":true,"archived":1764000000000,"result":{},)"
               R"("resultSignature":"bad"})");
  EXPECT_EQ(settles.size(), 0U) << "a bad signature is doubted, archived or not";
}

TEST_F(Terminal, ConsumedWithoutAResultIsNotFinished) {
  given_new("h1");
  attestr_says("h1", 200, R"({"_id":"h1","consumed":true,"result":null})");
  delay_until_poll("h1");
  attestr_says_completed("h1");
  EXPECT_TRUE(ended("h1", Outcome::completed));
}

TEST_F(Terminal, AHandshakeConsumedByItsDeadlineGetsOvertimeForItsResult) {
  given_new("h1", 1h);
  advance(1h + settings.expiry_grace);
  while (settles.empty() && now().mono < Mono(1000h) + 2h) {
    if (polls("h1")) attestr_says("h1", 200, R"({"_id":"h1","consumed":true,"result":null})");
    advance(1min);
  }
  delay_until_poll("h1");
  attestr_says_completed("h1");
  EXPECT_TRUE(ended("h1", Outcome::completed));
}

TEST_F(Terminal, ALastPollInFlightDoesNotExpireAProlongedHandshake) {
  given_new("h1", 1h);
  while (!polls("h1") || now().mono < Mono(1000h) + 1h + settings.expiry_grace) {
    if (polls("h1")) attestr_says_pending("h1");
    advance(1s);
  }
  given_new("h1", 24h);
  attestr_says_pending("h1");
  EXPECT_EQ(settles.size(), 0U);
}

TEST_F(Terminal, AnUnknownHandshakeFailsExactlyWhenItsGraceEnds) {
  given_new("h1");
  const Mono first = now().mono;
  attestr_says_code("h1", 400, 4002);
  given_new("other");
  attestr_says_pending("other");
  while (settles.empty()) {
    delay_until_poll("h1");
    if (polls("other")) attestr_says_pending("other");
    attestr_says_code("h1", 404, 4002);
  }
  EXPECT_TRUE(ended("h1", Outcome::failed, Reason::not_found));
  EXPECT_FALSE(settled("h1")->keeps_response);
  EXPECT_EQ(now().mono - first, settings.unknown_grace);
}

TEST_F(Terminal, AnUnknownHandshakeThatAppearsIsPolledFurther) {
  given_new("h1");
  attestr_says_code("h1", 400, 4002);
  advance(5min);
  delay_until_poll("h1");
  attestr_says_pending("h1");
  for (int i = 0; i < 20; ++i) {
    delay_until_poll("h1");
    attestr_says_pending("h1");
  }
  EXPECT_EQ(settles.size(), 0U);
}

TEST_F(Terminal, TheLastPollFallsExactlyOnTheDeadline) {
  settings.expiry_grace = 10min;
  given_new("h1", 2h);
  const Mono deadline = now().mono + 2h + 10min;
  while (settles.empty()) {
    attestr_says_pending("h1");
    if (settles.empty()) delay_until_poll("h1");
  }
  EXPECT_EQ(now().mono, deadline);
  EXPECT_TRUE(ended("h1", Outcome::failed, Reason::expired));
  EXPECT_EQ(settled("h1")->finish.tag, "290846");
}

TEST_F(Terminal, ExpiredOnlyAfterTheLastPollGotAnAnswer) {
  given_new("h1", 1h);
  attestr_says_pending("h1");
  while (now().mono < Mono(1000h) + 3h) {
    delay_until_poll("h1");
    poll_fails("h1", TransportFailure::Kind::timeout);
  }
  EXPECT_EQ(settles.size(), 0U);
  delay_until_poll("h1");
  attestr_says_completed("h1");
  EXPECT_TRUE(ended("h1", Outcome::completed));
}

TEST_F(Terminal, AnAnswerToAPollFromBeforeTheDeadlineDoesNotExpireIt) {
  given_new("h1", 1h);
  advance(3h);  // a very slow answer
  attestr_says_pending("h1");
  EXPECT_EQ(settles.size(), 0U);
  EXPECT_EQ(delay_until_poll("h1"), settings.min_interval);
  attestr_says_pending("h1");
  EXPECT_TRUE(ended("h1", Outcome::failed, Reason::expired));
}

TEST_F(Terminal, NothingExpiresWhileTheServersClockIsBeforeTheDeadline) {
  wall_clock_jumps(24h * 365);  // wrong from the start, a year ahead
  given_new("h1", 1h - 24h * 365);
  attestr_says("h1", 200, R"({"_id":"h1","consumed":false})", "", "Mon, 24 Nov 2025 16:00:00 GMT");
  EXPECT_EQ(settles.size(), 0U);
  delay_until_poll("h1");
  attestr_says_completed("h1");
  EXPECT_TRUE(ended("h1", Outcome::completed));
}

TEST_F(Terminal, AJumpOfTheWallClockNeitherStopsPollingNorExpires) {
  for (const Duration jump : {Duration(24h * 365), Duration(-24h * 365 * 2)}) {
    given_new("h1", 1h);
    attestr_says_pending("h1");
    wall_clock_jumps(jump);
    EXPECT_LE(delay_until_poll("h1"), 4s);
    attestr_says_pending("h1");
    EXPECT_EQ(settles.size(), 0U);
    step(Lost{id("h1")});
  }
}

TEST_F(Terminal, ATagOtherThanTheSubmittedOneIsRejected) {
  settings.witness_time = settings.unknown_grace = 0s;
  given_new("h1", {}, "mine");
  for (int i = 0; i < 3; ++i) {
    delay_until_poll("h1");
    attestr_says_completed("h1", "theirs");
  }
  EXPECT_TRUE(ended("h1", Outcome::rejected, Reason::tag_mismatch));
  given_new("h2", {}, "mi\"ne");
  attestr_says_completed("h2", "mi\\u0022ne");
  EXPECT_TRUE(ended("h2", Outcome::completed)) << "a tag is compared by what it says";
}

TEST_F(Terminal, ATagThatIsGivenLaterIsNotCompared) {
  given_new("h1");
  given_new("h1", {}, "theirs");
  attestr_says_completed("h1", "mine");
  EXPECT_TRUE(ended("h1", Outcome::completed));
}

TEST_F(Terminal, ALaterSubmissionDoesNotEndAnOvertime) {
  settings.expiry_grace = 0s;
  given_new("h1", 10s);
  const auto is_over = [this] { return now().mono > Mono(1000h) + 5min; };
  while (!is_over()) {
    delay_until_poll("h1");
    attestr_says("h1", 200, R"({"_id":"h1","consumed":true,"result":null})");
    given_new("h1", -1s);
    ASSERT_TRUE(settles.empty());
  }
}

}  // namespace
}  // namespace attestrd::dialogue
