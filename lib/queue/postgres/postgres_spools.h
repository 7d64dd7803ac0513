#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "handshake/handshake.h"

namespace attestrd {

class PostgresConnection;

/// The records of a spool that are on their way: their rows are staged.
struct StagedSpool {
  std::string spool;      ///< Its UUID.
  std::string node{};     ///< The node that has it; empty: none has it any more.
  bool is_alive = false;  ///< That node lives, and will publish them.
  std::uint64_t records = 0;
  std::optional<Wall> oldest{};  ///< When the first of them ended.
};

/// The decision of a person about records that were lost with their spool.
enum class Release : std::uint8_t {
  again,             ///< Their handshakes are polled again.
  assume_published,  ///< They count as published.
};

/// Returns the number of records that are on their way in a spool.
Result<std::uint64_t> count_staged(PostgresConnection& connection, const std::string& spool);

/// Returns all spools with records that are on their way, in the order of their UUIDs.
Result<std::vector<StagedSpool>> staged_spools(PostgresConnection& connection);

/// Decides about the records of a spool that is lost, and returns the ids of their handshakes. A
/// second call finds none. Errors: `unavailable` if a living node has the spool, `not_found` if no
/// record of it is on its way, `invalid_input` if it is no UUID.
Result<std::vector<HandshakeId>> release_spool(PostgresConnection& connection,
                                               const std::string& spool, Release how);

}  // namespace attestrd
