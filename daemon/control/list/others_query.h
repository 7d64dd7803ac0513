#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "engine/command.h"
#include "queue/postgres/operators/located_row.h"

namespace attestrd {

/// A query of a part of the list of what other nodes have.
struct OthersQuery {
  RowPlace after;
  ListFilter filter;
};

/// Returns the query for the target of a list of other nodes' handshakes, such as
/// `/list/others?place=polling.17.DS1&tag=a`. Error (`invalid_input`): a part that is none.
Result<OthersQuery> parse_others_target(std::string_view target);

/// Returns whether the target is one of such a list.
bool is_of_others(std::string_view target);

/// Returns a target from which parse_others_target() makes this query.
std::string others_target(const OthersQuery& query);

}  // namespace attestrd
