#include "base/limits.h"
#include "engine/dialogue.h"

namespace attestrd::dialogue {
namespace {

using Account = Dialogue;

TEST_F(Account, AccountTroubleFailsNoHandshakeAndOneCanaryIsPolled) {
  for (const char* text : {"h1", "h2", "h3", "h4"}) given_new(text);
  EXPECT_EQ(polls_in_flight(), 2U);  // slow start
  for (const char* text : {"h1", "h2", "h3", "h4"}) {
    EXPECT_EQ(said(Event::account_paused), 0U) << "others are due that were not asked yet";
    attestr_says_code(text, 401, 4016);
  }
  EXPECT_EQ(said(Event::account_paused), 1U);
  EXPECT_EQ(last_said(Event::account_paused).level, Level::error);
  EXPECT_EQ(last_said(Event::account_paused).code, 4016);
  advance(limits::kCanaryFirst - 1ms);
  EXPECT_EQ(polls_in_flight(), 0U);
  advance(1ms);
  EXPECT_EQ(polls_in_flight(), 1U) << "one canary";
  advance(24h);
  EXPECT_EQ(polls_in_flight(), 1U) << "until it is answered";
  EXPECT_EQ(settles.size(), 0U);
}

TEST_F(Account, PairsOfCanariesBackOffToTenMinutesAndOneGoodAnswerResumes) {
  given_new("h1");
  given_new("h2");
  account_pauses(403, 4039);
  Duration expected = limits::kCanaryFirst;
  for (int i = 0; i < 12; ++i) {
    EXPECT_EQ(delay_until_any_poll(), expected);
    const auto first = polled();
    attestr_says_code(first, 403, 4039);
    EXPECT_EQ(delay_until_any_poll(), limits::kCanaryFirst);
    EXPECT_NE(polled(), first) << "another handshake is asked";
    attestr_says_code(polled(), 403, 4039);
    expected = std::min(expected * 2, limits::kCanaryCap);
  }
  delay_until_any_poll();
  const auto last = polled();
  attestr_says_pending(last);
  EXPECT_EQ(said(Event::account_paused), 1U);
  EXPECT_EQ(said(Event::account_resumed), 1U);
  EXPECT_EQ(last_said(Event::account_resumed).level, Level::info);
  EXPECT_LE(delay_until_poll(last), settings.max_interval);
}

TEST_F(Account, EveryKindOfAccountTroublePausesAndFailsNoHandshake) {
  struct Row {
    unsigned status;
    int code;
    PauseReason reason;
  };
  const Row rows[] = {
      {401, 4016, PauseReason::unauthorized}, {403, 4031, PauseReason::forbidden},
      {403, 4035, PauseReason::forbidden},    {403, 4039, PauseReason::forbidden},
      {400, 4005, PauseReason::low_credits},  {400, 40051, PauseReason::wrong_version},
      {429, 4293, PauseReason::daily_limit}};
  given_new("h1");
  given_new("h2");
  for (const Row& row : rows) {
    account_pauses(row.status, row.code);
    EXPECT_EQ(engine().report(now()).paused_for, row.reason) << row.code;
    delay_until_any_poll();
    attestr_says_pending(polled());
    EXPECT_FALSE(engine().report(now()).paused_for);
  }
  EXPECT_EQ(settles.size(), 0U);
}

TEST_F(Account, RetryAfterRaisesTheFloorIsCappedAndNeverShortens) {
  given_new("h1");
  attestr_says_code("h1", 429, 4292, "120");
  EXPECT_EQ(delay_until_poll("h1"), 120s);
  attestr_says_code("h1", 401, 4016, "1");
  EXPECT_EQ(delay_until_poll("h1"), settings.min_interval);
  attestr_says_code("h1", 429, 4292, "99999999999999999999");
  EXPECT_EQ(delay_until_poll("h1"), limits::kRetryAfterCap);
}

TEST_F(Account, RetryAfterHoldsForAllAndIsShown) {
  given_new("h1");
  given_new("h2");
  given_new("h3");
  attestr_says_code("h1", 429, 4291, "60");
  attestr_says_pending("h2");
  advance(59s);
  EXPECT_EQ(polls_in_flight(), 0U);
  EXPECT_EQ(engine().report(now()).held, 1s);
  EXPECT_EQ(engine().report(now()).next_poll, 1s);
  EXPECT_FALSE(engine().report(now()).paused_for);
  advance(2s);
  EXPECT_TRUE(polls("h3"));
  EXPECT_FALSE(engine().report(now()).held);
}

TEST_F(Account, RetryAfterAsADateIsReadAgainstTheAnswersOwnClock) {
  given_new("h1");
  attestr_says("h1", 429, "{}", "Sun, 06 Nov 1994 08:51:37 GMT", "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(delay_until_poll("h1"), 120s);
}

TEST_F(Account, UnderTheDailyLimitACanaryIsPolledHourlyAndAtMidnightInKolkata) {
  // 16:00 UTC is 21:30 in Kolkata: the canary polls an hour and two hours later, and at midnight.
  const Mono start = now().mono;
  given_new("h1");
  given_new("h2");
  account_pauses(429, 4293);
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(delay_until_any_poll(), Duration(1h));
    attestr_says_code(polled(), 429, 4293);
    EXPECT_EQ(delay_until_any_poll(), limits::kCanaryFirst);
    attestr_says_code(polled(), 429, 4293);
  }
  delay_until_any_poll();
  EXPECT_EQ(now().mono - start, Duration(150min));
}

TEST_F(Account, ARefusedRateFallsAndPausesOnlyAtItsFloor) {
  settings.requests_per_second = 20;
  given_new("h1");
  given_new("h2");
  int refusals = 0;
  while (said(Event::account_paused) == 0 && refusals < 40) {
    attestr_says_code(polled(), 429, 4291);
    ++refusals;
    delay_until_any_poll();
  }
  EXPECT_GE(refusals, 5);
  EXPECT_LE(refusals, 20);
  EXPECT_EQ(engine().report(now()).rate, limits::kLeastRate);
  EXPECT_EQ(engine().report(now()).configured_rate, 20);
  EXPECT_EQ(engine().report(now()).paused_for, PauseReason::rate_limited);
  for (int i = 0; i < 20; ++i) {
    attestr_says_code(polled(), 429, 4291);
    delay_until_any_poll();
  }
  attestr_says_code(polled(), 500, 0);  // the canary's own error; retried by the account's backoff
  EXPECT_EQ(settles.size(), 0U);
  EXPECT_EQ(said(Event::account_paused), 1U);
  EXPECT_EQ(said(Event::rate_lowered), 1U);
  EXPECT_EQ(last_said(Event::rate_lowered).level, Level::warn);
}

TEST_F(Account, TheRateThatIsAllowedAgainIsSaidOnce) {
  settings.requests_per_second = 20;
  settings.max_interval = settings.min_interval = 1s;
  for (int i = 0; i < 40; ++i) given_new(fmt::format("h{}", i));
  for (int i = 0; i < 40; ++i) {
    const auto name = fmt::format("h{}", i % 4);
    if (polls(name)) attestr_says_code(name, 429, 4292);
    advance(100ms);
  }
  EXPECT_EQ(said(Event::rate_lowered), 1U);
  EXPECT_EQ(said(Event::rate_restored), 0U);
  for (int i = 0; i < 1200; ++i) {
    attestr_says_all_pending();
    advance(100ms);
  }
  EXPECT_EQ(engine().report(now()).rate, 20);
  EXPECT_EQ(said(Event::rate_lowered), 1U);
  EXPECT_EQ(said(Event::rate_restored), 1U);
  EXPECT_EQ(said(Event::account_paused), 0U);
}

TEST_F(Account, TheCanaryIsAHandshakeThatWasAnsweredWellBefore) {
  settings.min_interval = 1min;
  settings.max_interval = 30min;
  given_queued("good", 1h);
  delay_until_poll("good");
  attestr_says_pending("good");
  advance(2min);
  for (int i = 0; i < 12; ++i) given_new(fmt::format("bad{}", i));
  account_pauses(403, 4031);
  EXPECT_EQ(said(Event::account_paused), 1U);
  ASSERT_FALSE(polls("good")) << "it waits for its interval";
  EXPECT_EQ(delay_until_poll("good"), limits::kCanaryFirst);
  EXPECT_EQ(polls_in_flight(), 1U);
  attestr_says_pending("good");
  EXPECT_EQ(said(Event::account_resumed), 1U);
}

TEST_F(Account, AHandshakeWithAFloorOfItsOwnIsNotTakenForACanary) {
  settings.min_interval = 1min;
  settings.connections = 10;
  for (const char* text : {"failing", "unknown", "recent"}) {
    given_new(text);
    if (polls(text)) attestr_says_pending(text);
  }
  delay_until_poll("failing");
  delay_until_poll("unknown");
  delay_until_poll("recent");
  attestr_says_code("failing", 503, 0, "600");
  attestr_says_code("unknown", 404, 4002);
  attestr_says_pending("recent");
  advance(limits::kFailureRun);
  given_new("bad");
  poll_fails("bad", TransportFailure::Kind::certificate, 0);
  advance(limits::kCanaryFirst);
  EXPECT_TRUE(polls("bad")) << "no other handshake may be polled now";
  EXPECT_EQ(polls_in_flight(), 1U);
}

TEST_F(Account, ACanaryThatMeetsTheTroubleLetsOthersAskNext) {
  settings.min_interval = 1s;
  settings.max_interval = 30min;
  for (const char* text : {"h1", "h2"}) {
    given_queued(text, 10h);
    delay_until_poll(text);
    attestr_says_pending(text);
  }
  advance(limits::kFailureRun);
  given_new("bad");
  poll_fails("bad", TransportFailure::Kind::certificate, 0);
  advance(limits::kCanaryFirst);
  const bool is_first = polls("h1");
  EXPECT_TRUE(is_first || polls("h2"));
  poll_fails(is_first ? "h1" : "h2", TransportFailure::Kind::certificate, 0);
  EXPECT_EQ(delay_until_poll(is_first ? "h2" : "h1"), limits::kCanaryFirst);
}

TEST_F(Account, ARefusedTunnelPausesAtOnceAndFailsNoHandshake) {
  for (const char* text : {"h1", "h2"}) {
    given_queued(text, 10h);
    delay_until_poll(text);
    attestr_says_pending(text);
  }
  advance(limits::kFailureRun);
  given_new("h3");
  poll_fails("h3", TransportFailure::Kind::proxy);
  EXPECT_EQ(said(Event::account_paused), 1U);
  EXPECT_NE(last_said(Event::account_paused).reason.find("proxy"), std::string::npos);
  advance(limits::kCanaryFirst);
  EXPECT_EQ(polls_in_flight(), 1U) << "the canary";
}

TEST_F(Account, NewSettingsLetTheCanaryAskAtOnce) {
  given_new("h1");
  given_new("h2");
  account_pauses(401, 4016);
  for (int i = 0; i < 8; ++i) {
    delay_until_any_poll();
    attestr_says_code(polled(), 401, 4016);
  }
  advance(1s);
  EXPECT_EQ(polls_in_flight(), 0U);
  step(Reconfigured{settings});
  EXPECT_EQ(polls_in_flight(), 1U);
  attestr_says_code(polled(), 401, 4016, "60");
  step(Reconfigured{settings});
  EXPECT_EQ(delay_until_any_poll(), 60s) << "but Retry-After is held";
}

TEST_F(Account, AnUntrustedCertificatePausesAndNamesHostDepthAndReason) {
  given_new("h1");
  poll_fails("h1", TransportFailure::Kind::certificate, 0);
  const Notice& notice = last_said(Event::account_paused);
  EXPECT_EQ(notice.host, "api.attestr.com");
  EXPECT_EQ(notice.depth, 0);
  EXPECT_EQ(notice.reason, "certificate: as the test says");
  EXPECT_EQ(delay_until_poll("h1"), limits::kCanaryFirst);
  attestr_says_completed("h1");
  EXPECT_EQ(said(Event::account_resumed), 1U);
  EXPECT_TRUE(ended("h1", Outcome::completed));
}

TEST_F(Account, TenFailuresInARowBreakTheCircuit) {
  given_new("h1");
  given_new("h2");
  for (std::uint32_t i = 0; i < limits::kBreakerFailures; ++i) {
    EXPECT_EQ(said(Event::account_paused), 0U);
    delay_until_any_poll();
    poll_fails(polled(), TransportFailure::Kind::connect);
  }
  EXPECT_EQ(engine().report(now()).paused_for, PauseReason::upstream_down);
  given_new("h3");
  EXPECT_FALSE(polls("h3"));
  EXPECT_LE(delay_until_any_poll(), limits::kCanaryFirst);
  attestr_says_pending(polled());
  EXPECT_EQ(said(Event::account_resumed), 1U);
}

TEST_F(Account, BadAnswersToTenHandshakesBreakTheCircuit) {
  for (std::uint32_t i = 0; i < limits::kBreakerFailures; ++i) {
    EXPECT_EQ(said(Event::account_paused), 0U);
    const auto text = "h" + std::to_string(i);
    given_new(text);
    attestr_says_code(text, 500, 0);
  }
  EXPECT_EQ(engine().report(now()).paused_for, PauseReason::upstream_down);
}

TEST_F(Account, BadAnswersToOneHandshakeDoNotBreakTheCircuit) {
  given_new("h1");
  for (std::uint32_t i = 0; i < 2 * limits::kBreakerFailures; ++i) {
    delay_until_poll("h1");
    attestr_says_code("h1", 500, 0);
  }
  EXPECT_EQ(said(Event::account_paused), 0U);
}

TEST_F(Account, AShortageOfMemoryBreaksNoCircuitAndTheCanaryIsSentAgain) {
  given_new("h1");
  for (std::uint32_t i = 0; i < 2 * limits::kBreakerFailures; ++i) {
    delay_until_poll("h1");
    poll_fails("h1", TransportFailure::Kind::shortage);
  }
  EXPECT_EQ(said(Event::account_paused), 0U);
  delay_until_poll("h1");
  poll_fails("h1", TransportFailure::Kind::certificate, 0);
  for (int i = 0; i < 2; ++i) {
    delay_until_poll("h1");
    poll_fails("h1", TransportFailure::Kind::shortage);
  }
  delay_until_poll("h1");
  attestr_says_pending("h1");
  EXPECT_EQ(said(Event::account_resumed), 1U);
}

TEST_F(Account, ACertificateThatStaysBadIsOnePause) {
  given_new("h1");
  for (const int times : {1, 1, 2, 1, 4}) {
    const Duration expected = times * limits::kCanaryFirst;
    poll_fails("h1", TransportFailure::Kind::certificate, 0);
    EXPECT_EQ(delay_until_poll("h1"), expected);
  }
  EXPECT_EQ(said(Event::account_paused), 1U);
}

TEST_F(Account, AHandshakeThatAlwaysFailsNeitherBreaksTheCircuitNorStaysTheCanary) {
  settings.give_up_after = 1h;
  given_new("poison");
  for (int i = 0; i < 30; ++i) {
    delay_until_poll("poison");
    poll_fails("poison", TransportFailure::Kind::too_large);
  }
  EXPECT_EQ(said(Event::account_paused), 0U);
  given_new("h1");
  EXPECT_TRUE(polls("h1"));
  poll_fails("h1", TransportFailure::Kind::certificate, 0);
  for (int i = 0; i < 10 && said(Event::account_resumed) == 0; ++i) {
    advance(limits::kCanaryCap);
    if (polls("poison")) poll_fails("poison", TransportFailure::Kind::too_large);
    if (polls("h1")) attestr_says_pending("h1");
  }
  EXPECT_EQ(said(Event::account_resumed), 1U);
}

TEST_F(Account, FailuresOfAHandshakeDoNotChangeTheWaitOfAnother) {
  given_new("h1");
  given_new("h2");
  attestr_says_pending("h2");
  for (int i = 0; i < 3; ++i) {
    poll_fails("h1", TransportFailure::Kind::reset);
    delay_until_poll("h1");
  }
  EXPECT_LE(delay_until_poll("h2"), 3s);
}

TEST_F(Account, OwnErrorsBackOffWithEqualJitterAndNeverLengthenTheWait) {
  given_new("h1");
  given_new("h2");
  Duration full = limits::kErrorBackoffFirst;
  for (int i = 0; i < 12; ++i) {
    poll_fails("h1", TransportFailure::Kind::timeout);
    if (polls("h2")) attestr_says_pending("h2");  // prevents the circuit breaker
    const Mono from = now().mono;
    while (!polls("h1")) {
      advance(std::max(*engine().next_wake() - now().mono, Duration(0)));
      if (polls("h2")) attestr_says_pending("h2");
    }
    const Duration delay = now().mono - from;
    EXPECT_GE(delay, std::max(full / 2, settings.min_interval));
    EXPECT_LE(delay, std::max(full, settings.min_interval) + 1ms);
    full = std::min(full * 2, limits::kOwnBackoffCap);
  }
  attestr_says_completed("h1");
  EXPECT_TRUE(ended("h1", Outcome::completed));
}

}  // namespace
}  // namespace attestrd::dialogue
