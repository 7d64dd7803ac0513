#include "daemon/cli/stored_list.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "daemon/control/list/stored_rows.h"
#include "daemon/service/fleet/fleet_reader.h"
#include "daemon/service/queue_reader.h"
#include "runtime/system_clock.h"

namespace attestrd {
namespace {

constexpr std::size_t kRowsPerPage = 16'384;

using OnPage = std::function<Result<bool>(std::span<const LocatedRow>)>;

/// Reads one page. The queue is open, and its lock held, only for as long as that takes.
Result<std::vector<StoredRow>> read_page(const Config& config, std::string_view after) {
  const auto reader = QueueReader::open(config);
  if (reader) return reader->queue->rows_after(after, kRowsPerPage);
  const bool is_first = after.empty();
  if (is_first || reader.error().code != Errc::unavailable) return reader.error();
  return fail(Errc::unavailable, "a daemon has started meanwhile: repeat the command to ask it");
}

Result<void> read_file(const Config& config, const OnPage& on_page) {
  std::string last;
  for (;;) {
    auto page = read_page(config, last);
    if (!page) return page.error();
    const bool is_last = page->size() < kRowsPerPage;
    if (!is_last) last = page->back().handshake.id.view();
    std::vector<LocatedRow> rows;
    rows.reserve(page->size());
    for (auto& row : *page) rows.push_back({std::move(row), {}});
    const auto goes_on = on_page(rows);
    if (!goes_on) return goes_on.error();
    if (!*goes_on || is_last) return {};
  }
}

Result<void> read_fleet(const Config& config, const std::optional<std::string>& tag,
                        const OnPage& on_page) {
  auto reader = open_fleet_reader(config);
  if (!reader) return reader.error();
  RowsQuery query;
  query.max_rows = kRowsPerPage;
  query.tag = tag;
  for (;;) {
    const auto page = reader->page(query);
    if (!page) return page.error();
    const auto goes_on = on_page(page->rows);
    if (!goes_on) return goes_on.error();
    if (!*goes_on || !page->next) return {};
    query.after = *page->next;
  }
}

/// Reads the rows of the queue file, or those of all nodes of the fleet. Those with another tag may
/// be left out.
Result<void> read_rows(const Config& config, const std::optional<std::string>& tag,
                       const OnPage& on_page) {
  if (config.queue.store == QueueStore::postgres) return read_fleet(config, tag, on_page);
  return read_file(config, on_page);
}

}  // namespace

Result<void> read_stored_list(const Config& config, const ListFilter& filter,
                              const std::function<Result<bool>(std::string_view)>& on_part) {
  return read_rows(config, filter.tag, [&](std::span<const LocatedRow> page) {
    const Wall now = read_clocks().wall;
    std::string lines;
    for (const auto& [row, node] : page)
      if (matches(filter, row, now)) lines += stored_line(row, node, now);
    return on_part(lines);
  });
}

Result<AgeTable> count_stored_ages(const Config& config) {
  AgeTable table;
  const auto done = read_rows(config, {}, [&table](const auto& page) -> Result<bool> {
    const Wall now = read_clocks().wall;
    for (const auto& [stored, node] : page) {
      const auto& [handshake, is_staged] = stored;
      if (is_staged) continue;
      const Duration age = std::max(now - handshake.submitted_at, Duration(0));
      AgeTable::Row& row = table.rows.at(AgeTable::bucket_of(age));
      ++(handshake.is_held ? row.held : row.now);
    }
    return true;
  });
  if (!done) return done.error();
  return table;
}

}  // namespace attestrd
