#include "daemon/control/status.h"

#include <gtest/gtest.h>

#include <string>

#include "daemon/control/metrics/report_metrics.h"
#include "daemon/version.h"

namespace attestrd {
namespace {

using namespace std::chrono_literals;

const Wall kNow{std::chrono::sys_days(std::chrono::year(2026) / 11 / 23) + 20h + 57min};

StatusReport running() {
  StatusReport report;
  report.now = kNow;
  report.handshakes = {1200, 3, 1};
  report.oldest_pending = kNow - 26h;
  report.inbox = InboxFiles{7, 2};
  StatusReport::Daemon daemon;
  daemon.pid = 4242;
  daemon.started_at = kNow - 125s;
  daemon.counters.add(Metric::polls, "pending", 4950);
  daemon.counters.add(Metric::polls, "completed", 50);
  daemon.counters.add(Metric::handshakes_ended, "completed,none", 40);
  daemon.counters.add(Metric::handshakes_ended, "archived,none", 1);
  daemon.counters.add(Metric::handshakes_ended, "failed,expired", 1);
  daemon.counters.add(Metric::handshakes_ended, "failed,not_found", 1);
  daemon.counters.add(Metric::handshakes_ended, "rejected,wrong_id", 3);
  daemon.counters.add(Metric::submissions_refused, "", 4);
  daemon.counters.add(Metric::spool_conflicts, "", 5);
  daemon.due_lag = 250ms;
  daemon.next_poll = kNow + 2s;
  daemon.last_successful_poll = kNow - 1s;
  daemon.rate = {20, 4.5, {}};
  report.daemon = daemon;
  return report;
}

StatusReport paused() {
  auto report = running();
  report.daemon->pause = StatusReport::Pause{"unauthorized", kNow - 61s, kNow + 40s};
  report.daemon->disk_full = true;
  report.daemon->next_poll.reset();
  return report;
}

StatusReport limited() {
  auto report = running();
  const Wall midnight{std::chrono::sys_days(std::chrono::year(2026) / 11 / 24) + 18h + 30min};
  report.daemon->requests_today = StatusReport::Requests{900, 1000, 100, true, midnight};
  report.daemon->spent_today = 900;
  return report;
}

StatusReport not_running() {
  StatusReport report;
  report.now = kNow;
  report.handshakes.pending = 2;
  return report;
}

TEST(Status, JsonHasEveryField) {
  EXPECT_EQ(
      status_json(running()),
      R"({"daemon":"running","version":")" + std::string(kVersion) +
          R"(","time":"2026-11-23T20:57:00.000000Z","pending":1200,"in_flight":3,)"
          R"("settling":1,"oldest_pending":"2026-11-22T18:57:00.000000Z",)"
          R"("inbox_files":7,"inbox_claimed_files":2,"pid":4242,)"
          R"("started_at":"2026-11-23T20:54:55.000000Z",)"
          R"("held_by":null,"next_due":"2026-11-23T20:57:02.000000Z",)"
          R"("last_successful_poll":"2026-11-23T20:56:59.000000Z",)"
          R"("clock_difference_seconds":null,"held":0,"operator_pause":null,)"
          R"("account_pause":null,)"
          R"("rate_limit":{"configured":20,"effective":4.5E0,"held_until":null},)"
          R"("mean_delay":null,)"
          R"("requests_today":null,"signatures_failing":false,"disk_full":false,)"
          R"("disk_stalled":false,)"
          R"("queue_unavailable":false,)"
          R"("spool_full":false,"config_refused":false,"totals":{"polls":5000,"completed":40,)"
          R"("archived":1,"failed":2,"rejected":3,"conflicts":5,"refused":4}})"
          "\n");
  EXPECT_NE(
      status_json(paused()).find(R"("account_pause":{"reason":"unauthorized",)"
                                 R"("since":"2026-11-23T20:55:59.000000Z",)"
                                 R"("next_canary":"2026-11-23T20:57:40.000000Z"},"rate_limit":)"),
      std::string::npos);
  EXPECT_NE(status_json(limited()).find(
                R"("requests_today":{"spent":900,"limit":1000,"kept_for_last_polls":100,)"
                R"("is_spent":true,"next_day":"2026-11-24T18:30:00.000000Z"})"),
            std::string::npos);
  EXPECT_EQ(status_json(not_running()),
            R"({"daemon":"not running","version":")" + std::string(kVersion) +
                R"(","time":"2026-11-23T20:57:00.000000Z","pending":2,"in_flight":0,)"
                R"("settling":0,"oldest_pending":null,"inbox_files":null,)"
                R"("inbox_claimed_files":null,"operator_pause":null})"
                "\n");
}

TEST(Status, TextHasEveryLine) {
  EXPECT_EQ(status_text(running()), "attestrd              " + std::string(kVersion) +
                                        ", running for 2m 5s, pid 4242\n"
                                        "pending               1200\n"
                                        "in flight             3\n"
                                        "settling              1\n"
                                        "oldest pending        submitted 1d 2h ago\n"
                                        "inbox files           7, and 2 claimed\n"
                                        "next poll             in 2s\n"
                                        "last good answer      1s ago\n"
                                        "account               ok\n"
                                        "requests              4.5 of 20 per second: Attestr "
                                        "allows no more\n"
                                        "disk                  ok\n"
                                        "since the start:\n"
                                        "  polls               5000\n"
                                        "  completed           40\n"
                                        "  archived (lost)     1\n"
                                        "  failed              2\n"
                                        "  rejected            3\n"
                                        "  name conflicts      5: these records are in rejected/; "
                                        "see spool.conflict in the log\n"
                                        "  refused submissions 4\n");
  EXPECT_EQ(status_text(not_running()),
            "attestrd              not running\n"
            "pending               2\n"
            "settling              0\n");
}

TEST(Status, EveryFormReportsFailingSignatures) {
  auto report = running();
  report.daemon->signatures_fail = true;
  EXPECT_NE(status_json(report).find(R"("signatures_failing":true)"), std::string::npos);
  EXPECT_NE(status_text(report).find("signatures            FAILING: check the client secret"),
            std::string::npos);
  EXPECT_NE(status_metrics(report).find("attestrd_signatures_failing 1\n"), std::string::npos);
}

TEST(Status, TextReportsAPauseAndAFullDisk) {
  const auto text = status_text(paused());
  EXPECT_NE(text.find("account               paused for 1m 1s (unauthorized), asks again in 40s\n"),
            text.npos);
  EXPECT_NE(text.find("disk                  FULL: nothing is fetched until there is room\n"),
            text.npos);
  EXPECT_NE(text.find("next poll             once an answer is here\n"), text.npos);
}

TEST(Status, BeginsWithWhatHoldsAllHandshakes) {
  auto report = running();
  const auto hold = [&report] {
    const auto text = status_text(report);
    const auto line = text.find('\n') + 1;
    return text.substr(line, text.find('\n', line) - line);
  };
  const auto expect_hold = [&](const std::string& words, const std::string& name) {
    EXPECT_TRUE(hold().starts_with("held                  " + words)) << hold();
    const auto json = status_json(report);
    EXPECT_NE(json.find("\"held_by\":\"" + name + '"'), json.npos) << json;
  };
  EXPECT_TRUE(hold().starts_with("pending "));
  report.daemon->requests_today = limited().daemon->requests_today;
  expect_hold("of today's 1000 requests 900 are spent", "day_spent");
  report.daemon->rate.held_until = kNow + 9s;
  expect_hold("Attestr demands by Retry-After", "retry_after");
  report.daemon->pause = paused().daemon->pause;
  expect_hold("the account is paused (unauthorized) for 1m 1s", "account_paused");
  report.daemon->backlog_full = true;
  expect_hold("the disk is slow", "backlog_full");
  report.daemon->queue_unavailable = true;
  expect_hold("the queue does not answer", "queue_unavailable");
  report.daemon->disk_full = true;
  expect_hold("the disk is full", "disk_full");
  report.daemon->operator_pause = kNow - 61s;
  expect_hold("an operator has paused all polls for 1m 1s", "paused_by_operator");
  report.daemon->next_poll.reset();
  report.handshakes.in_flight = 0;
  EXPECT_NE(status_text(report).find("next poll             none\n"), std::string::npos);
}

TEST(Status, NamesTheNodeThatAsksWhetherAPauseIsOver) {
  auto report = running();
  report.daemon->pause = StatusReport::Pause{"unauthorized", kNow - 61s, {}, "node-b"};
  const auto text = status_text(report);
  EXPECT_NE(text.find("held                  the account is paused by node-b (unauthorized) for 1m "
                      "1s: that node asks whether it is over\n"),
            text.npos)
      << text;
  EXPECT_NE(text.find("account               paused by node-b for 1m 1s (unauthorized): that node "
                      "asks\n"),
            text.npos)
      << text;
  EXPECT_NE(status_json(report).find(R"("next_canary":null,"node":"node-b"})"), std::string::npos);
}

TEST(Status, SaysThatTheDatabaseHasLostCommits) {
  auto report = running();
  report.daemon->queue_went_back = true;
  EXPECT_NE(status_text(report).find("WENT BACK"), std::string::npos);
  EXPECT_NE(status_json(report).find(R"("queue_went_back":true)"), std::string::npos);
}

TEST(Status, SaysThatWaitingResultsStopTheIntake) {
  auto report = running();
  EXPECT_EQ(status_text(report).find("intake"), std::string::npos);
  report.daemon->spool_full = true;
  EXPECT_NE(status_text(report).find("intake                STOPPED: as many records wait in "
                                     "results/ as spool.max_waiting allows\n"),
            std::string::npos);
  EXPECT_NE(status_json(report).find(R"("spool_full":true)"), std::string::npos);
}

TEST(Status, ShowsThePauseOfAnOperatorWithoutADaemon) {
  auto report = not_running();
  report.stored_pause = kNow - 61s;
  EXPECT_NE(status_text(report).find("\nheld                  an operator has paused all polls"),
            std::string::npos);
  EXPECT_NE(status_json(report).find(R"("operator_pause":"2026-11-23T20:55:59.000000Z"})"),
            std::string::npos);
}

TEST(Status, EveryFormReportsWhatOperatorsHold) {
  auto report = running();
  EXPECT_EQ(status_text(report).find("held by operators"), std::string::npos);
  report.handshakes.held = 3;
  report.daemon->operator_pause = kNow - 61s;
  EXPECT_NE(status_text(report).find("held by operators     3: see attestrd release\n"),
            std::string::npos);
  EXPECT_NE(status_json(report).find(R"("held":3,"operator_pause":"2026-11-23T20:55:59.000000Z")"),
            std::string::npos);
  EXPECT_NE(status_metrics(report).find("attestrd_handshakes_held 3\n"), std::string::npos);
  EXPECT_NE(status_metrics(report).find("attestrd_polling_paused 1\n"), std::string::npos);
}

TEST(Status, ShowsUntilAFileIsAcceptedThatItIsRefused) {
  auto report = running();
  report.daemon->config_accepted_at = kNow - 3h;
  EXPECT_EQ(status_text(report).find("configuration"), std::string::npos);
  EXPECT_NE(status_metrics(report).find("attestrd_config_last_reload_successful 1\n"),
            std::string::npos);
  report.daemon->config_refused = true;
  EXPECT_NE(status_text(report).find("configuration         the file is REFUSED: that of 3h 0m ago "
                                     "holds"),
            std::string::npos);
  EXPECT_NE(status_json(report).find(R"("config_refused":true)"), std::string::npos);
  EXPECT_NE(status_metrics(report).find("attestrd_config_last_reload_successful 0\n"),
            std::string::npos);
}

TEST(Status, TextReportsARateThatAttestrAllowsOnlyWhereItIsLower) {
  auto report = running();
  auto& rate = report.daemon->rate;
  rate.configured = 0;
  EXPECT_NE(status_text(report).find("requests              4.5 per second: Attestr allows no"),
            std::string::npos);
  rate.held_until = kNow + 9s;
  EXPECT_NE(status_text(report).find("requests              none for 9s, as Attestr demands"),
            std::string::npos);
  rate = {20, 20, {}};
  EXPECT_EQ(status_text(report).find("requests  "), std::string::npos);
}

TEST(Status, TextAndJsonShowTheMeanDelayItsTargetAndItsLimit) {
  auto report = running();
  const auto shows = [&report](MeanDelay delay, const std::string& words,
                               const std::string& members) {
    report.daemon->mean_delay = delay;
    EXPECT_NE(status_text(report).find("\nmean delay            " + words + '\n'),
              std::string::npos)
        << status_text(report);
    EXPECT_NE(status_json(report).find("\"mean_delay\":{" + members + '}'), std::string::npos)
        << status_json(report);
  };
  shows({5s, 5123ms, DelayLimit::none}, "5.12 s expected, 5 s aimed at",
        R"("target_seconds":5,"expected_seconds":5.123E0,"limited_by":null)");
  shows({0s, 21s, DelayLimit::none}, "21 s expected",
        R"("target_seconds":0,"expected_seconds":21,"limited_by":null)");
  shows({5s, 60s, DelayLimit::unknown}, "5 s aimed at: too few results are learnt yet",
        R"("target_seconds":5,"expected_seconds":null,"limited_by":"too_little_learnt")");
  shows({5s, 60s, DelayLimit::rate}, "60 s expected, 5 s aimed at: Attestr allows no more requests",
        R"("target_seconds":5,"expected_seconds":60,"limited_by":"rate")");
  shows({5s, 60s, DelayLimit::day},
        "60 s expected, 5 s aimed at: api.daily_requests allows no more",
        R"("target_seconds":5,"expected_seconds":60,"limited_by":"daily_requests")");
  report.daemon->rate = {20, 20, {}};
  shows({5s, 60s, DelayLimit::rate},
        "60 s expected, 5 s aimed at: api.requests_per_second allows no more",
        R"("target_seconds":5,"expected_seconds":60,"limited_by":"rate")");
  shows({1s, 2s, DelayLimit::min_interval},
        "2 s expected, 1 s aimed at: poll.min_interval allows no more polls",
        R"("target_seconds":1,"expected_seconds":2,"limited_by":"min_interval")");
  report.daemon->mean_delay = MeanDelay{0s, 60s, DelayLimit::unknown};
  EXPECT_EQ(status_text(report).find("mean delay"), std::string::npos);
}

TEST(Status, TextReportsTheDailyLimit) {
  auto report = limited();
  EXPECT_NE(status_text(report).find("requests today        900 of 1000; all but last polls wait "
                                     "for the next day, in 21h 33m\n"),
            std::string::npos);
  report.daemon->requests_today->is_spent = false;
  EXPECT_NE(status_text(report).find("requests today        900 of 1000\n"), std::string::npos);
}

TEST(Status, AllFormsShowTheDifferenceFromTheServersClock) {
  auto report = running();
  EXPECT_EQ(status_metrics(report).find("clock_difference"), std::string::npos) << "not known yet";
  report.daemon->clock_difference = -1500ms;
  EXPECT_NE(status_text(report).find("clock                 ok\n"), std::string::npos);
  report.daemon->clock_difference = 26h;
  EXPECT_NE(status_text(report).find("clock                 WRONG: 1d 2h behind Attestr's\n"),
            std::string::npos);
  report.daemon->clock_difference = -301s;
  EXPECT_NE(status_text(report).find("clock                 WRONG: 5m 1s ahead of Attestr's\n"),
            std::string::npos);
  EXPECT_NE(status_json(report).find(R"("clock_difference_seconds":-301,)"), std::string::npos);
  EXPECT_NE(status_metrics(report).find("attestrd_clock_difference_seconds -301\n"),
            std::string::npos);
}

TEST(Status, MetricsHaveTheValuesOfTheReport) {
  const auto of_the_day = status_metrics(limited());
  EXPECT_NE(of_the_day.find("attestrd_requests_today{of=\"spent\"} 900\n"
                            "attestrd_requests_today{of=\"limit\"} 1000\n"),
            of_the_day.npos);
  EXPECT_NE(status_metrics(running()).find("attestrd_requests_today{of=\"limit\"} 0\n"),
            std::string::npos);
  const auto text = status_metrics(paused());
  for (const auto* line :
       {"# TYPE attestrd_polls_total counter\nattestrd_polls_total{answer=\"pending\"} 4950\n",
        "attestrd_handshakes{state=\"pending\"} 1200\n",
        "attestrd_handshakes_ended_total{outcome=\"rejected\",reason=\"wrong_id\"} 3\n",
        "attestrd_account_paused{reason=\"unauthorized\"} 1\n",
        "attestrd_account_paused{reason=\"proxy\"} 0\n", "attestrd_due_lag_seconds 0.25\n",
        "attestrd_oldest_pending_age_seconds 93600\n",
        "attestrd_rate_limit{kind=\"configured\"} 20\nattestrd_rate_limit{kind=\"effective\"} "
        "4.5\n",
        "attestrd_disk_full 1\n", "attestrd_inbox_files 7\n", "attestrd_inbox_claimed_files 2\n",
        "attestrd_start_time_seconds 1795467295.000\n",
        "attestrd_last_successful_poll_seconds 1795467419.000\n"}) {
    EXPECT_NE(text.find(line), text.npos) << line << "is not in\n" << text;
  }
}

TEST(Status, HasTheCountsOfTheFleet) {
  auto report = running();
  EXPECT_EQ(status_json(report).find("fleet"), std::string::npos);
  EXPECT_EQ(status_text(report).find("fleet"), std::string::npos);
  report.fleet = FleetCounts{"a", 3, 0, 4000, 2};
  EXPECT_NE(status_text(report).find(
                "fleet                 4000 pending in all, 3 nodes alive; this is a\n"),
            std::string::npos)
      << status_text(report);
  report.fleet->dead = 1;
  EXPECT_NE(status_text(report).find("3 nodes alive and 1 dead; this is a\n"), std::string::npos);
  EXPECT_NE(status_json(report).find(R"("fleet":{"node":"a","nodes_alive":3,"nodes_dead":1,)"
                                     R"("pending":4000,"foreign_staged":2})"),
            std::string::npos)
      << status_json(report);
}

}  // namespace
}  // namespace attestrd
