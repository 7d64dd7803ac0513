#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "fleet/node_request.h"
#include "queue/postgres/postgres_values.h"

namespace attestrd {

class PostgresConnection;

// The table `request`: what operators ask of the nodes that have handshakes. A node puts a request
// there; the owner of the shelf reads it with its beat, and removes it with the commit of its
// effect, or afterwards if the effect is the same however often it is had. The requests of a node
// that died wait for the next owner.

/// A request that was put into the table.
struct PlacedRequest {
  std::int64_t number = 0;
  HandshakeId id;
  std::uint32_t attempt = 0;  ///< Of the handshake, which is the one that the request is about.
};

/// Puts a request for each of these handshakes that is in `polling`, whoever polls it, and returns
/// them. After a lost answer they may be there. Error: those of PostgresConnection.
Result<std::vector<PlacedRequest>> place_requests(PostgresConnection& connection, RequestVerb verb,
                                                  std::span<const HandshakeId> ids, Wall now);

/// Returns those of the requests that are still in the table, sorted.
Result<std::vector<std::int64_t>> find_requests(PostgresConnection& connection,
                                                std::span<const std::int64_t> numbers);

/// Returns the statement that reads the requests for handshakes in the shelves of a process, or in
/// none.
PostgresStatement read_requests(const std::string& instance);
Result<std::vector<NodeRequest>> requests_in(const PostgresResult& rows,
                                             const PostgresConnection& connection);

/// Returns the statement that removes requests.
PostgresStatement remove_requests(std::span<const std::int64_t> numbers);

}  // namespace attestrd
