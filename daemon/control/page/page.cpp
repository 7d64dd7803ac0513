#include "daemon/control/page/page.h"

#include <fmt/format.h>

#include <chrono>
#include <cmath>
#include <cstdint>
#include <string_view>

#include "daemon/control/page/curve_svg.h"
#include "daemon/control/page/html.h"
#include "daemon/control/page/problems.h"
#include "daemon/control/plain_words.h"
#include "daemon/version.h"

namespace attestrd {
namespace {

constexpr std::string_view kHead = R"(<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="refresh" content="30">
<title>{}</title>
<style>
:root {{ --text: #1b1f23; --weak: #57606a; --line: #d8dee4; --page: #ffffff; --good: #1a7f37;
  --bad: #b42318; --mark: #0a5fb4; }}
@media (prefers-color-scheme: dark) {{
  :root {{ --text: #e6edf3; --weak: #9198a1; --line: #30363d; --page: #0d1117; --good: #4ac26b;
    --bad: #ff8177; --mark: #6cb6ff; }}
}}
body {{ font: 16px/1.5 system-ui, sans-serif; color: var(--text); background: var(--page);
  max-width: 46rem; margin: 2rem auto; padding: 0 1rem; }}
h1 {{ font-size: 1.6rem; margin-bottom: 0; }}
h2 {{ font-size: 1.1rem; margin: 2rem 0 .5rem; }}
p, li {{ margin: .3rem 0; }}
ul {{ padding-left: 1.2rem; }}
.weak {{ color: var(--weak); }}
.good {{ color: var(--good); }}
.bad {{ color: var(--bad); }}
table {{ border-collapse: collapse; width: 100%; }}
th, td {{ text-align: left; padding: .25rem .8rem .25rem 0; border-bottom: 1px solid var(--line);
  vertical-align: top; }}
th {{ font-weight: 600; }}
td {{ font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }}
a {{ color: var(--mark); }}
svg {{ width: 100%; height: auto; font-size: 12px; fill: var(--weak); }}
.grid {{ stroke: var(--line); }}
.curve {{ fill: none; stroke: var(--mark); stroke-width: 2.5; }}
.polls {{ stroke: var(--good); stroke-width: 1; }}
</style>
</head>
<body>
)";

class Table {
 public:
  void row(std::string_view name, std::string_view value) {
    rows_ += fmt::format("<tr><th scope=\"row\">{}</th><td>{}</td></tr>\n", html_escaped(name),
                         html_escaped(value));
  }
  void row(std::string_view name, std::uint64_t value) { row(name, std::to_string(value)); }
  std::string take() const { return "<table>\n" + rows_ + "</table>\n"; }

 private:
  std::string rows_;
};

std::string problem_list(const std::vector<Problem>& problems) {
  if (problems.empty()) return "<p class=\"good\">Nothing needs attention.</p>\n";
  std::string items;
  for (const auto& [what, remedy] : problems)
    items += fmt::format("<li><strong class=\"bad\">{}</strong> {}</li>\n", html_escaped(what),
                         html_escaped(remedy));
  return "<ul>\n" + items + "</ul>\n";
}

std::string waiting_table(const StatusReport& report, const StatusReport::Daemon& daemon) {
  Table table;
  table.row("Pending", report.handshakes.pending);
  table.row("Polls in flight", report.handshakes.in_flight);
  table.row("Records being written", report.handshakes.settling);
  if (report.handshakes.held > 0) table.row("Held by operators", report.handshakes.held);
  if (report.oldest_pending) table.row("Oldest submitted", ago(report.oldest_pending, report.now));
  table.row("Next poll", daemon.next_poll ? ahead(*daemon.next_poll, report.now) : "not planned");
  table.row("Last good answer", ago(daemon.last_successful_poll, report.now));
  if (const auto& files = report.inbox)
    table.row("Files in the inbox", files->unclaimed + files->claimed);
  if (const auto& delay = daemon.mean_delay; delay && delay->limit != DelayLimit::unknown)
    table.row("Mean delay of a result", mean_delay_words(*delay, daemon.rate));
  return table.take();
}

std::string totals_table(const Metrics& counters) {
  const auto total = [&counters](Metric metric, std::string_view label = {}) {
    return static_cast<std::uint64_t>(counters.total(metric, label));
  };
  Table table;
  table.row("Polls", total(Metric::polls));
  table.row("Completed", total(Metric::handshakes_ended, "completed"));
  table.row("Archived (lost)", total(Metric::handshakes_ended, "archived"));
  table.row("Failed", total(Metric::handshakes_ended, "failed"));
  table.row("Rejected", total(Metric::handshakes_ended, "rejected"));
  table.row("Refused submissions", total(Metric::submissions_refused));
  return table.take();
}

std::string endings_table(const std::vector<RecentEnding>& endings, Wall now) {
  if (endings.empty()) return "<p class=\"weak\">None since the daemon started.</p>\n";
  std::string rows;
  for (const auto& [at, handshake, outcome, reason] : endings) {
    const auto id = html_escaped(handshake);
    rows += fmt::format(
        "<tr><td><a href=\"/explain/{0}\">{0}</a></td><td>{1}{2}</td><td>{3}</td></tr>\n", id,
        html_escaped(outcome), reason.empty() ? "" : ": " + html_escaped(reason), ago(at, now));
  }
  return "<table>\n" + rows + "</table>\n";
}

std::string curve_section(const LearntCurve& curve) {
  const auto learnt = static_cast<std::uint64_t>(std::llround(curve.completions));
  return fmt::format(
      "{}\n<p class=\"weak\">The curve is the share of handshakes that are done by their age, "
      "learnt from some {} results; the marks below it are the polls of a new handshake.</p>\n",
      curve_svg(curve), learnt);
}

}  // namespace

std::string status_page(const StatusReport& report, const LearntCurve& curve,
                        const std::vector<RecentEnding>& endings) {
  const auto daemon = report.daemon.value_or(StatusReport::Daemon{});
  const auto problems = problems_of(report);
  const auto title = fmt::format("attestrd: {} pending{}", report.handshakes.pending,
                                 problems.empty() ? "" : ", needs attention");
  return fmt::format(kHead, title) +
         fmt::format(
             "<h1>attestrd</h1>\n<p class=\"weak\">Version {}, running for {}, process {}."
             "</p>\n<main>\n",
             kVersion, rough(report.now - daemon.started_at), daemon.pid) +
         "<h2>Attention</h2>\n" + problem_list(problems) + "<h2>Waiting</h2>\n" +
         waiting_table(report, daemon) + "<h2>When results come</h2>\n" + curve_section(curve) +
         "<h2>Since the start</h2>\n" + totals_table(daemon.counters) + "<h2>Last endings</h2>\n" +
         endings_table(endings, report.now) + "</main>\n</body>\n</html>\n";
}

}  // namespace attestrd
