#include "daemon/cli/stored_list.h"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "daemon/control/explain.h"
#include "daemon/control/list/list_query.h"
#include "daemon/service/queue_reader.h"
#include "runtime/system_clock.h"

namespace attestrd {
namespace {

constexpr std::size_t kRowsPerPage = 16'384;

using OnPage = std::function<Result<bool>(std::span<const StoredRow>)>;

/// Reads one page. The queue is open, and its lock held, only for as long as that takes.
Result<std::vector<StoredRow>> read_page(const Config& config, std::string_view after) {
  const auto reader = QueueReader::open(config);
  if (reader) return reader->queue->rows_after(after, kRowsPerPage);
  const bool is_first = after.empty();
  if (is_first || reader.error().code != Errc::unavailable) return reader.error();
  return fail(Errc::unavailable, "a daemon has started meanwhile: repeat the command to ask it");
}

Result<void> read_rows(const Config& config, const OnPage& on_page) {
  std::string last;
  for (;;) {
    const auto page = read_page(config, last);
    if (!page) return page.error();
    const auto goes_on = on_page(*page);
    if (!goes_on) return goes_on.error();
    if (!*goes_on || page->size() < kRowsPerPage) return {};
    last = page->back().handshake.id.view();
  }
}

ListedState state_of(const StoredRow& row) {
  if (row.is_staged) return ListedState::ending;
  return row.handshake.is_held ? ListedState::held : ListedState::waiting;
}

bool matches(const ListFilter& filter, const StoredRow& row, Wall now) {
  const Wall submitted_at = row.handshake.submitted_at;
  if (filter.state && *filter.state != state_of(row)) return false;
  if (filter.tag && *filter.tag != row.handshake.tag) return false;
  if (filter.submitted_before && submitted_at >= *filter.submitted_before) return false;
  return !filter.older_than || now - submitted_at > *filter.older_than;
}

}  // namespace

Result<void> read_stored_list(const Config& config, const ListFilter& filter,
                              const std::function<Result<bool>(std::string_view)>& on_part) {
  return read_rows(config, [&](std::span<const StoredRow> page) {
    const Wall now = read_clocks().wall;
    std::string lines;
    for (const StoredRow& row : page)
      if (matches(filter, row, now))
        lines += list_json({row.handshake.id, now, ExplainReport::Queued{row.handshake, false}},
                           name_of(state_of(row)));
    return on_part(lines);
  });
}

Result<AgeTable> count_stored_ages(const Config& config) {
  AgeTable table;
  const auto done = read_rows(config, [&table](std::span<const StoredRow> page) -> Result<bool> {
    const Wall now = read_clocks().wall;
    for (const auto& [handshake, is_staged] : page) {
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
