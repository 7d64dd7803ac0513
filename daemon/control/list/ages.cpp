#include "daemon/control/list/ages.h"

#include <fmt/format.h>

#include <chrono>
#include <string_view>

#include "daemon/config/units.h"
#include "json/json_writer.h"

namespace attestrd {
namespace {

constexpr std::string_view kCell = " {:>6}";

/// Returns the name of a bucket: its upper bound, such as `10m`.
std::string name_of(std::size_t bucket) {
  const auto& bounds = AgeTable::kBounds;
  return bucket < bounds.size() ? format_duration(bounds.at(bucket)) : "more";
}

std::string line_of(std::string_view name, const AgeTable::Row& row, AgeColumns columns) {
  const auto cell = [](std::uint64_t count) { return fmt::format(fmt::runtime(kCell), count); };
  auto line = fmt::format("{:<6}", name);
  if (columns == AgeColumns::stored) return line + cell(row.total()) + cell(row.held) + '\n';
  for (const auto count : {row.total(), row.polling, row.held, row.now}) line += cell(count);
  for (const auto count : row.due) line += cell(count);
  return line + '\n';
}

/// Writes the members that depend on when the next poll comes.
void write_due(JsonWriter& writer, const AgeTable::Row& row) {
  writer.begin_object("due_in");
  writer.number("now", row.now);
  for (std::size_t due = 0; due < AgeTable::kBuckets; ++due)
    writer.number(name_of(due), row.due.at(due));
  writer.end_object();
}

}  // namespace

std::string ages_json(const AgeTable& table, AgeColumns columns) {
  std::string lines;
  for (std::size_t age = 0; age < AgeTable::kBuckets; ++age) {
    const AgeTable::Row& row = table.rows.at(age);
    JsonWriter writer(lines);
    writer.begin_object();
    if (age < AgeTable::kBounds.size())
      writer.number("age_up_to_s",
                    std::chrono::floor<std::chrono::seconds>(AgeTable::kBounds.at(age)).count());
    else
      writer.raw("age_up_to_s", "null");
    writer.number("total", row.total());
    if (columns == AgeColumns::all) writer.number("polling", row.polling);
    writer.number("held", row.held);
    if (columns == AgeColumns::all) write_due(writer, row);
    writer.end_object();
    lines += '\n';
  }
  return lines;
}

std::string ages_header(AgeColumns columns) {
  auto line = fmt::format("{:<6}", "AGE");
  if (columns == AgeColumns::stored) return line + fmt::format(" {:>6} {:>6}\n", "TOTAL", "HELD");
  for (const std::string_view title : {"TOTAL", "POLLED", "HELD", "NOW"})
    line += fmt::format(fmt::runtime(kCell), title);
  for (std::size_t due = 0; due < AgeTable::kBuckets; ++due)
    line += fmt::format(fmt::runtime(kCell), name_of(due));
  return line + '\n';
}

std::string ages_text(const AgeTable& table, AgeColumns columns) {
  std::string lines;
  AgeTable::Row sum;
  for (std::size_t age = 0; age < AgeTable::kBuckets; ++age) {
    const AgeTable::Row& row = table.rows.at(age);
    lines += line_of(name_of(age), row, columns);
    sum += row;
  }
  return lines + line_of("all", sum, columns);
}

}  // namespace attestrd
