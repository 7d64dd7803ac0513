#include <gtest/gtest.h>

#include <string>

#include "engine/dialogue.h"

namespace attestrd::dialogue {
namespace {

class AdaptiveTest : public Dialogue {
 protected:
  void SetUp() override {
    Dialogue::SetUp();
    settings.cadence = CadenceKind::adaptive;
  }

  /// Adds `count` handshakes that are done `age` after their submission, each completed by the next
  /// poll.
  void given_completions(int count, Duration age) {
    for (int i = 0; i < count; ++i) {
      const auto name = "DSdone" + std::to_string(i);
      given_new(name);
      const Mono done = now().mono + age;
      while (!settled(name)) {
        delay_until_poll(name);
        now().mono >= done ? attestr_says_completed(name) : attestr_says_pending(name);
      }
      step(Settled{id(name)});
    }
  }

  static Hazard learnt_by_others() {
    Hazard hazard;
    for (int i = 0; i < 3000; ++i) {
      hazard.saw_pending(0s, 9min);
      hazard.saw_done(9min, 10min);
    }
    return hazard;
  }

  /// Returns the completions that a queue without earlier observations has after all deltas.
  double completions_remembered() const {
    Hazard queue;
    for (const HazardDelta& delta : remembered) queue.merge(delta);
    return queue.completions();
  }
};

TEST_F(AdaptiveTest, ANewHandshakeIsPolledSoon) {
  given_new("h1");
  const auto first = delay_until_poll("h1");
  EXPECT_GE(first, settings.min_interval);
  EXPECT_LE(first, 3s);
}

TEST_F(AdaptiveTest, PollsMostAroundTheUsualCompletionTime) {
  given_completions(300, 5min);
  given_new("h1");
  EXPECT_GT(delay_until_poll("h1"), 30s);  // No completion was so fast.
  int polls_around_it = 0;
  const Mono submitted = now().mono;
  while (now().mono - submitted < 10min) {
    attestr_says_pending("h1");
    delay_until_poll("h1");
    ++polls_around_it;
  }
  EXPECT_GT(polls_around_it, 10);
}

TEST_F(AdaptiveTest, ObservationsAreSavedAtAStop) {
  given_completions(3, 1min);
  EXPECT_TRUE(remembered.empty());
  step(Stop{});
  ASSERT_EQ(remembered.size(), 1U);
  EXPECT_NEAR(completions_remembered(), 3, 0.1);
}

TEST_F(AdaptiveTest, ObservationsAreSavedAfterEach64Completions) {
  given_completions(130, 1min);
  EXPECT_EQ(remembered.size(), 2U);
  EXPECT_NEAR(completions_remembered(), 128, 128 * 0.1) << "each delta has what is new alone";
}

TEST_F(AdaptiveTest, UnsavedObservationsAreAddedToThoseOfTheQueue) {
  given_completions(3, 1min);
  const Hazard others = learnt_by_others();
  step(Learnt{&others});
  step(Stop{});
  ASSERT_EQ(remembered.size(), 1U);
  EXPECT_NEAR(completions_remembered(), 3, 0.1);
}

TEST_F(AdaptiveTest, StartsWithTheObservationsOfTheQueue) {
  const Hazard hazard = learnt_by_others();
  step(Learnt{&hazard});
  given_new("h1");
  EXPECT_GT(delay_until_poll("h1"), 2min);
}

TEST_F(AdaptiveTest, RecoveredHandshakesDoNotDistortTheObservations) {
  given_completions(300, 1min);
  given_new("before");
  const auto first_gap = delay_until_poll("before");
  attestr_says_pending("before");
  settings.requests_per_second = 0;
  settings.connections = 4096;
  step(Reconfigured{settings});
  for (int i = 0; i < 10'000; ++i) given_queued("h" + std::to_string(i), 20h);
  for (int i = 0; i < 10'000; ++i) {
    delay_until_poll("h" + std::to_string(i));
    attestr_says_pending("h" + std::to_string(i));
  }
  given_new("after");
  const auto gap = delay_until_poll("after");
  EXPECT_GT(gap, first_gap * 3 / 4);
  EXPECT_LT(gap, first_gap * 5 / 4);
}

TEST_F(AdaptiveTest, ARecoveredHandshakeIsObservedFromItsFirstPendingAnswerOn) {
  given_queued("h0", 1h);
  given_queued("h1", 1h);
  delay_until_poll("h0");
  attestr_says_completed("h0");
  delay_until_poll("h1");
  attestr_says_pending("h1");
  delay_until_poll("h1");
  attestr_says_completed("h1");
  step(Stop{});
  ASSERT_EQ(remembered.size(), 1U);
  EXPECT_NEAR(completions_remembered(), 1, 0.01);
}

TEST_F(AdaptiveTest, ArchivedAfterItWasConsumedCountsAsDone) {
  settings.witness_time = settings.unknown_grace = 0s;
  given_new("h1");
  while (settles.empty()) {
    delay_until_poll("h1");
    attestr_says_archived("h1");
  }
  step(Stop{});
  EXPECT_EQ(remembered.size(), 1U);
}

TEST_F(AdaptiveTest, ARejectedHandshakeIsNotObserved) {
  settings.signature_attempts = 1;
  settings.witness_time = settings.unknown_grace = 0s;
  given_new("h1");
  delay_until_poll("h1");
  attestr_says_forged("h1");
  step(Stop{});
  EXPECT_TRUE(remembered.empty());
}

TEST_F(AdaptiveTest, ArchivedBeforeItWasConsumedIsNotObserved) {
  settings.witness_time = settings.unknown_grace = 0s;
  given_new("h1");
  while (settles.empty()) {
    delay_until_poll("h1");
    attestr_says("h1", 200,
                 answer("h1", R"("consumed":false,"result":null,"archived":1764000000000)"));
  }
  step(Stop{});
  EXPECT_TRUE(remembered.empty());
}

TEST_F(AdaptiveTest, SpendsAboutTheGivenPollsOnAHandshake) {
  settings.polls_per_handshake = 10;
  constexpr int kHandshakes = 100;  // Enough for the price to be recomputed meanwhile.
  for (int i = 0; i < kHandshakes; ++i) given_new("h" + std::to_string(i));
  while (polls_started == 0 || polls_in_flight() > 0) {
    attestr_says_all_pending();
    advance(1min);
    if (now().mono - poll_times.front() > settings.give_up_after) break;
  }
  const double polls_per_handshake = static_cast<double>(polls_started) / kHandshakes;
  EXPECT_GT(polls_per_handshake, 5);
  EXPECT_LT(polls_per_handshake, 60);  // No handshake is ever done, against the estimate.
}

TEST_F(AdaptiveTest, ALowRateLengthensTheGapsOfAllHandshakesAlike) {
  settings.requests_per_second = 0.1;
  for (int i = 0; i < 100; ++i) given_new("h" + std::to_string(i));
  std::map<std::string, int> polls;
  for (int second = 0; second < 3600; ++second) {
    advance(1s);
    for (int i = 0; i < 100; ++i) {
      const auto name = "h" + std::to_string(i);
      if (!this->polls(name)) continue;
      ++polls[name];
      attestr_says_pending(name);
    }
  }
  EXPECT_EQ(polls.size(), 100U);  // No handshake starves.
  for (const auto& [name, count] : polls) EXPECT_NEAR(count, 3.6, 3) << name;
}

TEST_F(AdaptiveTest, ANewRateHoldsForHandshakesThatWait) {
  for (const bool is_daily : {true, false}) {
    settings.requests_per_second = is_daily ? 50 : 0.02;
    settings.daily_requests = is_daily ? 100 : 0;
    step(Reconfigured{settings});
    const auto name = [&](int i) { return fmt::format("{}-{}", is_daily ? "day" : "rate", i); };
    for (int i = 0; i < 20; ++i) given_new(name(i));
    advance(30min);
    for (int i = 0; i < 120; ++i) {
      attestr_says_all_pending();
      advance(1min);
    }
    attestr_says_all_pending();
    const auto before = polls_started;
    settings.requests_per_second = 50;
    settings.daily_requests = 0;
    step(Reconfigured{settings});
    for (int i = 0; i < 600; ++i) {
      attestr_says_all_pending();
      advance(1s);
    }
    EXPECT_GE(polls_started - before, is_daily ? 20U : 40U) << "each of them within minutes";
  }
}

}  // namespace
}  // namespace attestrd::dialogue
