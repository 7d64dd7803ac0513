// Checks that the tables of README.md are equal to those that the program is built from, row by
// row. A failure prints the expected table.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>

#include "daemon/cli/command_table.h"
#include "daemon/config/settings.h"
#include "log/event.h"
#include "metrics/metrics.h"
#include "temporary_folder.h"

namespace attestrd {
namespace {

/// Returns the body of the table with this head: its rows, each with its line feed.
std::string rows_below(std::string_view head) {
  const std::string readme = TemporaryFolder::read(ATTESTRD_README);
  const auto at = readme.find("\n" + std::string(head) + "\n|---");
  if (at == readme.npos) return "no table begins with " + std::string(head);
  const auto begin = readme.find('\n', readme.find("|---", at)) + 1;
  return readme.substr(begin, readme.find("\n\n", begin) + 1 - begin);
}

TEST(Readme, ListsTheEvents) {
  std::string rows;
  for (const EventRow& row : event_rows()) {
    const auto name = row.name.empty() ? "" : fmt::format("`{}` ", row.name);
    const auto fields = row.fields.empty() ? "" : fmt::format("{} ", row.fields);
    rows += fmt::format("| {}| {} | {} | {}|\n", name, name_of(row.level), row.sentence, fields);
  }
  EXPECT_EQ(rows_below("| event | level | meaning | fields |"), rows);
}

std::string_view type_name(MetricType type) {
  switch (type) {
    case MetricType::counter: return "counter";
    case MetricType::histogram: return "histogram";
    default: return "gauge";
  }
}

/// Returns the label and its values, e.g. "`state`: `pending`, `in_flight`"; empty if the metric
/// has no label.
std::string labels_of(const MetricRow& row) {
  if (row.label().empty()) return "";
  std::string text = fmt::format("`{}`", row.label());
  std::string_view separator = ": ";
  for (const auto value : row.label_values()) {
    if (value == kProgramVersion) continue;
    text += fmt::format("{}`{}`", std::exchange(separator, ", "), value);
  }
  return text + " ";
}

TEST(Readme, ListsTheMetrics) {
  std::string rows;
  for (const MetricRow& row : metric_rows()) {
    rows += fmt::format("| `{}` | {} | {}| {} |\n", row.name, type_name(row.type), labels_of(row),
                        row.help);
  }
  EXPECT_EQ(rows_below("| metric | type | label | meaning |"), rows);
}

TEST(Readme, ListsTheSettings) {
  std::string rows;
  for (const Setting& setting : settings()) {
    auto value = setting.literal({});
    std::erase(value, '"');
    rows += fmt::format(
        "| `{}` | {} | {} | {} |\n", setting.name, value.empty() ? "empty" : '`' + value + '`',
        setting.reload == Setting::Reload::live ? "reload" : "restart", setting.meaning);
  }
  EXPECT_EQ(rows_below("| key | default | a change needs | meaning |"), rows);
}

TEST(Readme, ListsTheCommands) {
  std::string rows;
  for (const CommandRow& command : commands()) {
    auto usage = fmt::format("`attestrd {}`", usage_of(command));
    // A pipe would end the cell of the table.
    if (const auto pipe = usage.find("|-`"); pipe != usage.npos) usage.replace(pipe, 3, "` or `-`");
    if (const auto pipe = usage.find("|-]`"); pipe != usage.npos)
      usage.replace(pipe, 4, "]` or `-`");
    rows += fmt::format("| {} | {} | {} |\n", usage, command.summary, command.exits);
  }
  EXPECT_EQ(rows_below("| command | what it does | exits |"), rows);
}

}  // namespace
}  // namespace attestrd
