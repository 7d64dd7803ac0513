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

std::string line_of(std::string_view name, const AgeTable::Row& row) {
  const auto cell = [](std::uint64_t count) { return fmt::format(fmt::runtime(kCell), count); };
  auto line = fmt::format("{:<6}", name);
  for (const auto count : {row.total(), row.polling, row.held, row.now}) line += cell(count);
  for (const auto count : row.due) line += cell(count);
  return line + '\n';
}

}  // namespace

std::string ages_json(const AgeTable& table) {
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
    writer.number("polling", row.polling);
    writer.number("held", row.held);
    writer.begin_object("due_in");
    writer.number("now", row.now);
    for (std::size_t due = 0; due < AgeTable::kBuckets; ++due)
      writer.number(name_of(due), row.due.at(due));
    writer.end_object();
    writer.end_object();
    lines += '\n';
  }
  return lines;
}

std::string ages_header() {
  auto line = fmt::format("{:<6}", "AGE");
  for (const std::string_view title : {"TOTAL", "POLLED", "HELD", "NOW"})
    line += fmt::format(fmt::runtime(kCell), title);
  for (std::size_t due = 0; due < AgeTable::kBuckets; ++due)
    line += fmt::format(fmt::runtime(kCell), name_of(due));
  return line + '\n';
}

std::string ages_text(const AgeTable& table) {
  std::string lines;
  AgeTable::Row sum;
  for (std::size_t age = 0; age < AgeTable::kBuckets; ++age) {
    const AgeTable::Row& row = table.rows.at(age);
    lines += line_of(name_of(age), row);
    sum += row;
  }
  return lines + line_of("all", sum);
}

}  // namespace attestrd
