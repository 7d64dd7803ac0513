#pragma once

#include <string>

#include "engine/command.h"
#include "queue/postgres/operators/located_row.h"

namespace attestrd {

// Handshakes in a list that no engine of this daemon holds: their rows are all that is known. The
// states are waiting, held and ending; only the daemon that polls a handshake knows whether it is
// due or polled.

ListedState state_of(const StoredRow& row);

/// Returns whether a list may have such rows at all.
bool may_match_stored(const ListFilter& filter);

/// Returns whether the row is in the list.
bool matches(const ListFilter& filter, const StoredRow& row, Wall now);

/// Returns the line of the row, which no daemon of this machine polls. `node` has no name if there
/// is no fleet.
std::string stored_line(const StoredRow& row, const RowNode& node, Wall now);

}  // namespace attestrd
