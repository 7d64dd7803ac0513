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
  std::uint32_t attempt = 0;                   ///< See QueuedHandshake.
  std::optional<SignaturePrefix> signature{};  ///< See StagedHandshake.
  std::string diverted_to{};                   ///< See EndedHandshake.
};

/// A row of a handshake that is pending, as a list shows it.
struct StoredRow {
  QueuedHandshake handshake;
  bool is_staged = false;  ///< It has ended, and its record is not in its folder yet.
};

/// A row of the queue.
using QueueRow = std::variant<QueuedHandshake, StagedHandshake, Tombstone>;

/// A row of a backup.
struct BackupRow {
  QueueRow row;
  /// The row to poll in its place if its record is lost. A staged row has one. A tombstone has one
  /// if no consumer had removed its record when the backup was made.
  std::optional<QueuedHandshake> again;
  std::optional<SignaturePrefix> signature{};  ///< That a row to poll keeps: see StagedHandshake.
};

}  // namespace attestrd
