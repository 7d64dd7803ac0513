#pragma once

#include <memory>
#include <span>
#include <vector>

#include "base/result.h"
#include "handshake/handshake_id.h"
#include "queue/postgres/operators/located_row.h"

namespace attestrd {

class PostgresConnection;

/// Reads the rows of all nodes, for operators: on a connection of its own, outside of the rounds.
/// Each call is short, and sees the rows as they are then. One thread at a time may use it. Errors:
/// those of PostgresConnection.
class PostgresReader {
 public:
  explicit PostgresReader(std::unique_ptr<PostgresConnection> connection);
  PostgresReader(PostgresReader&& other) noexcept;
  ~PostgresReader();

  /// Returns the state of an id, and the node that has it.
  Result<LocatedHandshake> find(const HandshakeId& id);
  /// Returns one entry for each id, in their order.
  Result<std::vector<LocatedHandshake>> find(std::span<const HandshakeId> ids);

  /// Returns a page of the list of all rows that are not done. A row that another node takes over
  /// or takes up between two pages may be missing, or be there twice.
  Result<RowsPage> page(const RowsQuery& query);

  /// Counts the rows of each node that are not done. Reads all of them.
  Result<std::vector<NodeRows>> count();

  PostgresConnection& connection() { return *connection_; }

 private:
  std::unique_ptr<PostgresConnection> connection_;
};

}  // namespace attestrd
