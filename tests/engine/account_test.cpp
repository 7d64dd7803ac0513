#include "base/limits.h"
#include "engine/dialogue.h"

namespace attestrd::dialogue {
namespace {

using Account = Dialogue;

TEST_F(Account, AccountTroubleFailsNoHandshakeAndOneCanaryIsPolled) {
  for (const char* text : {"h1", "h2", "h3", "h4"}) given_new(text);
  EXPECT_EQ(polls_in_flight(), 2U);  // slow start
  attestr_says_code("h1", 401, 4016);
  attestr_says_code("h2", 401, 4016);
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

TEST_F(Account, TheCanaryBacksOffToTenMinutesAndOneGoodAnswerResumes) {
  given_new("h1");
  attestr_says_code("h1", 403, 4039);
  Duration expected = limits::kCanaryFirst;
  for (int i = 0; i < 12; ++i) {
    EXPECT_EQ(delay_until_poll("h1"), expected);
    attestr_says_code("h1", 403, 4039);
    expected = std::min(expected * 2, limits::kCanaryCap);
  }
  delay_until_poll("h1");
  attestr_says_pending("h1");
  EXPECT_EQ(said(Event::account_paused), 1U);
  EXPECT_EQ(said(Event::account_resumed), 1U);
  EXPECT_EQ(last_said(Event::account_resumed).level, Level::info);
  EXPECT_LE(delay_until_poll("h1"), settings.max_interval);
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
      {429, 4291, PauseReason::rate_limited}, {429, 4292, PauseReason::rate_limited},
      {429, 4293, PauseReason::daily_limit}};
  given_new("h1");
  for (const Row& row : rows) {
    delay_until_poll("h1");
    attestr_says_code("h1", row.status, row.code);
    EXPECT_EQ(engine().report(now()).paused_for, row.reason) << row.code;
    delay_until_poll("h1");
    attestr_says_pending("h1");
    EXPECT_FALSE(engine().report(now()).paused_for);
  }
  EXPECT_EQ(settles.size(), 0U);
}

TEST_F(Account, RetryAfterRaisesTheFloorIsCappedAndNeverShortens) {
  given_new("h1");
  attestr_says_code("h1", 429, 4292, "120");
  EXPECT_EQ(delay_until_poll("h1"), 120s);
  attestr_says_code("h1", 429, 4292, "1");
  EXPECT_EQ(delay_until_poll("h1"), 10s);
  attestr_says_code("h1", 429, 4292, "99999999999999999999");
  EXPECT_EQ(delay_until_poll("h1"), limits::kRetryAfterCap);
}

TEST_F(Account, RetryAfterAsADateIsReadAgainstTheAnswersOwnClock) {
  given_new("h1");
  attestr_says("h1", 429, "{}", "Sun, 06 Nov 1994 08:51:37 GMT", "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(delay_until_poll("h1"), 120s);
}

TEST_F(Account, UnderTheDailyLimitACanaryIsPolledHourlyAndAtMidnightInKolkata) {
  // 16:00 UTC is 21:30 in Kolkata: the canary polls at 22:30, 23:30 and midnight.
  given_new("h1");
  attestr_says_code("h1", 429, 4293);
  for (const Duration expected : {Duration(1h), Duration(1h), Duration(30min), Duration(1h)}) {
    EXPECT_EQ(delay_until_poll("h1"), expected);
    attestr_says_code("h1", 429, 4293);
  }
}

TEST_F(Account, ARateLimitCountsAsNoAttemptOfTheHandshake) {
  given_new("h1");
  for (int i = 0; i < 20; ++i) {
    attestr_says_code("h1", 429, 4291);
    delay_until_poll("h1");
  }
  attestr_says_code("h1", 500, 0);  // the canary's own error; retried by the account's backoff
  EXPECT_EQ(settles.size(), 0U);
  EXPECT_EQ(said(Event::account_paused), 1U);
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
  for (std::uint32_t i = 0; i < limits::kBreakerFailures; ++i) {
    EXPECT_EQ(said(Event::account_paused), 0U);
    delay_until_poll("h1");
    poll_fails("h1", TransportFailure::Kind::connect);
  }
  EXPECT_EQ(engine().report(now()).paused_for, PauseReason::upstream_down);
  given_new("h2");
  EXPECT_FALSE(polls("h2"));
  EXPECT_EQ(delay_until_poll("h2"), limits::kCanaryFirst);
  attestr_says_pending("h2");
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

TEST_F(Account, ACertificateThatStaysBadIsOnePause) {
  given_new("h1");
  for (const Duration expected : {limits::kCanaryFirst, 2 * limits::kCanaryFirst}) {
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
  attestr_says_code("h1", 401, 4016);
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
    full = std::min(full * 2, limits::kErrorBackoffCap);
  }
  attestr_says_completed("h1");
  EXPECT_TRUE(ended("h1", Outcome::completed));
}

}  // namespace
}  // namespace attestrd::dialogue
