#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "fleet/node_request.h"
#include "handshake/handshake_id.h"
#include "queue/postgres/operators/located_row.h"

namespace attestrd {

/// The outcome of a request to the node that polls a handshake.
struct AskedHandshake {
  bool is_asked = false;      ///< The handshake was pending somewhere: its node is asked.
  bool is_done = false;       ///< The node has answered; if not, it is asked all the same.
  std::uint32_t attempt = 0;  ///< The attempt that was pending.
  LocatedHandshake now{};     ///< As of the answer.
};

/// The queries that routes can make about the other nodes of a fleet: see Questions.
struct FleetQuestions {
  /// One entry for each id, in their order.
  using OnLocated = std::function<void(Result<std::vector<LocatedHandshake>>)>;
  using OnAsked = std::function<void(Result<std::vector<AskedHandshake>>)>;
  using OnPage = std::function<void(Result<RowsPage>)>;

  std::string node;  ///< The name of this one.
  /// Finds ids, whichever nodes have them.
  std::function<void(std::vector<HandshakeId>, OnLocated)> locate{};
  /// Asks the nodes that poll these handshakes for something, and waits for a short time until it
  /// is done.
  std::function<void(RequestVerb, std::vector<HandshakeId>, OnAsked)> ask{};
  /// Reads a page of the rows of the other nodes; `without_` need not be set.
  std::function<void(RowsQuery, OnPage)> list_others{};
};

}  // namespace attestrd
