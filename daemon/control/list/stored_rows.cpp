#include "daemon/control/list/stored_rows.h"

#include "daemon/control/explain.h"
#include "daemon/control/list/list_query.h"

namespace attestrd {

ListedState state_of(const StoredRow& row) {
  if (row.is_staged) return ListedState::ending;
  return row.handshake.is_held ? ListedState::held : ListedState::waiting;
}

bool may_match_stored(const ListFilter& filter) {
  if (filter.due_before) return false;
  return filter.state != ListedState::due && filter.state != ListedState::polling;
}

bool matches(const ListFilter& filter, const StoredRow& row, Wall now) {
  const Wall submitted_at = row.handshake.submitted_at;
  if (filter.state && *filter.state != state_of(row)) return false;
  if (filter.tag && *filter.tag != row.handshake.tag) return false;
  if (filter.submitted_before && submitted_at >= *filter.submitted_before) return false;
  return !filter.older_than || now - submitted_at > *filter.older_than;
}

std::string stored_line(const StoredRow& row, const RowNode& node, Wall now) {
  const bool has_node = !node.name.empty() || !node.spool.empty();
  return list_json(
      {row.handshake.id, now, ExplainReport::Queued{row.handshake, false}, node, has_node},
      name_of(state_of(row)));
}

}  // namespace attestrd
