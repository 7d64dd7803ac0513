#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "base/time.h"
#include "handshake/handshake.h"
#include "handshake/row_change.h"

namespace attestrd {

/// A handshake that has ended and was published.
struct Tombstone {
  HandshakeId id;
  Outcome outcome{};
  Wall finished_at{};
  std::string tag{};
  std::uint32_t attempt = 0;  ///< How often the handshake was taken up again after it had ended.
  std::optional<SignaturePrefix> signature{};  ///< See StagedHandshake.
  std::string diverted_to{};                   ///< See EndedHandshake.
};

/// A row of the queue.
using QueueRow = std::variant<QueuedHandshake, StagedHandshake, Tombstone>;

/// A row of a backup.
struct BackupRow {
  QueueRow row;
  /// The row to poll in its place if its record is lost. A staged row has one. A tombstone has one
  /// if no consumer had removed its record when the backup was made.
  std::optional<QueuedHandshake> again;
  // The same members of Tombstone, for a row that is none.
  std::uint32_t attempt = 0;
  std::optional<SignaturePrefix> signature{};
};

}  // namespace attestrd
