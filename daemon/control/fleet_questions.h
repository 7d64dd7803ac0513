#pragma once

#include <functional>
#include <string>

#include "base/result.h"
#include "fleet/fleet_counts.h"
#include "handshake/handshake_id.h"
#include "queue/postgres/operators/located_row.h"

namespace attestrd {

/// The queries that routes can make about the other nodes of a fleet: see Questions.
struct FleetQuestions {
  using OnLocated = std::function<void(Result<LocatedHandshake>)>;
  using OnPage = std::function<void(Result<RowsPage>)>;

  std::string node;  ///< The name of this one.
  /// Finds an id, whichever node has it.
  std::function<void(const HandshakeId&, OnLocated)> locate{};
  /// Reads a page of the rows of the other nodes; `without_` need not be set.
  std::function<void(RowsQuery, OnPage)> list_others{};
};

}  // namespace attestrd
