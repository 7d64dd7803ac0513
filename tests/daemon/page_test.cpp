#include "daemon/control/page/page.h"

#include <gtest/gtest.h>

namespace attestrd {
namespace {

using namespace std::chrono_literals;

const Wall kNow{std::chrono::sys_days(std::chrono::year(2026) / 11 / 23) + 20h};

StatusReport running() {
  StatusReport report;
  report.now = kNow;
  report.handshakes = {1200, 3, 1, 2};
  report.daemon.emplace();
  report.daemon->started_at = kNow - 2h;
  report.daemon->pid = 4242;
  return report;
}

TEST(Page, ShowsWaitingHandshakesEndingsAndTheCurve) {
  const LearntCurve curve{{{1s, 0}, {100s, 0.5}}, {10s}, 63.6};
  const auto page = status_page(running(), curve, {{kNow - 5s, "DS01", "failed", "cancelled"}});
  for (const auto* part :
       {"<title>attestrd: 1200 pending</title>", "Nothing needs attention.",
        "<th scope=\"row\">Pending</th><td>1200</td>", "running for 2h 0m, process 4242",
        "<th scope=\"row\">Held by operators</th><td>2</td>",
        "<a href=\"/explain/DS01\">DS01</a></td><td>failed: cancelled</td><td>5s ago</td>",
        "learnt from some 64 results", "<svg "})
    EXPECT_NE(page.find(part), page.npos) << part;
}

TEST(Page, BeginsWithTheProblems) {
  auto report = running();
  report.daemon->disk_full = true;
  const auto page = status_page(report, {}, {});
  EXPECT_NE(page.find("<title>attestrd: 1200 pending, needs attention</title>"), page.npos);
  EXPECT_EQ(page.find("Nothing needs attention"), page.npos);
  EXPECT_LT(page.find("The disk is full"), page.find("Waiting"));
  EXPECT_NE(page.find("None since the daemon started."), page.npos);
}

TEST(Page, EscapesEachText) {
  auto report = running();
  report.daemon->pause = StatusReport::Pause{"<script>", kNow, kNow};
  const auto page = status_page(report, {}, {{kNow, "DS<", "failed", "\"&"}});
  EXPECT_EQ(page.find("<script>"), page.npos);
  EXPECT_NE(page.find("DS&lt;"), page.npos);
  EXPECT_NE(page.find("&quot;&amp;"), page.npos);
}

}  // namespace
}  // namespace attestrd
