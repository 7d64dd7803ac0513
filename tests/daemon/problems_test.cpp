#include "daemon/control/page/problems.h"

#include <gtest/gtest.h>

#include "admission/pause_reason.h"

namespace attestrd {
namespace {

using namespace std::chrono_literals;

const Wall kNow{std::chrono::sys_days(std::chrono::year(2026) / 11 / 23) + 20h};

StatusReport running() {
  StatusReport report;
  report.now = kNow;
  report.daemon.emplace();
  return report;
}

TEST(Problems, ThereAreNoneInServiceAndWithoutADaemon) {
  EXPECT_TRUE(problems_of(running()).empty());
  EXPECT_TRUE(problems_of({}).empty());
}

TEST(Problems, EachPauseOfTheAccountHasARemedyOfItsOwn) {
  auto report = running();
  std::vector<std::string> remedies;
  for (const auto reason :
       {PauseReason::unauthorized, PauseReason::forbidden, PauseReason::low_credits,
        PauseReason::wrong_version, PauseReason::rate_limited, PauseReason::daily_limit,
        PauseReason::certificate, PauseReason::proxy, PauseReason::upstream_down}) {
    report.daemon->pause =
        StatusReport::Pause{std::string(name_of(reason)), kNow - 61s, kNow + 40s};
    const auto problems = problems_of(report);
    ASSERT_EQ(problems.size(), 1U);
    EXPECT_EQ(problems[0].what, "The account is paused (" + std::string(name_of(reason)) +
                                    ") for 1m 1s; one handshake asks again in 40s.");
    for (const auto& other : remedies) EXPECT_NE(problems[0].remedy, other) << name_of(reason);
    remedies.push_back(problems[0].remedy);
  }
}

TEST(Problems, EachConditionIsOneAndTheMostUrgentIsFirst) {
  auto report = running();
  auto& daemon = *report.daemon;
  daemon.clock_difference = -10min;
  daemon.config_refused = true;
  daemon.spool_full = true;
  daemon.signatures_fail = true;
  daemon.requests_today = StatusReport::Requests{900, 1000, 100, true, kNow + 1h};
  daemon.backlog_full = true;
  daemon.queue_unavailable = true;
  daemon.disk_round = 20s;
  daemon.disk_full = true;
  daemon.operator_pause = kNow - 1h;
  daemon.counters.add(Metric::handshakes_ended, "archived,none", 2);
  daemon.counters.add(Metric::handshakes_ended, "rejected,replayed", 3);
  const auto problems = problems_of(report);
  ASSERT_EQ(problems.size(), 12U);
  EXPECT_EQ(problems[0].what, "An operator has paused all polls for 1h 0m.");
  EXPECT_EQ(problems[0].remedy, "Run attestrd resume to end the pause.");
  EXPECT_EQ(problems[1].what, "The disk is full: nothing is fetched or accepted.");
  for (const auto& problem : problems) {
    EXPECT_TRUE(problem.what.ends_with('.')) << problem.what;
    EXPECT_TRUE(problem.remedy.ends_with('.')) << problem.remedy;
  }
}

}  // namespace
}  // namespace attestrd
