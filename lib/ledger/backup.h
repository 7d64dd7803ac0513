#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "base/result.h"
#include "queue/queue_copy.h"

namespace attestrd {

class Directory;
class Spool;

/// A backup of the queue, made in slices between rounds (see backup.cpp).
class Backup {
 public:
  /// `spool_root` is the folder of the spool, in which the backup leaves its mark.
  Backup(std::unique_ptr<QueueCopy> copy, Spool& spool, Directory& spool_root)
      : copy_(std::move(copy)), spool_(spool), spool_root_(spool_root) {}

  /// Does a slice. Returns the size of the backup in bytes once it is complete, else nothing.
  Result<std::optional<std::uint64_t>> step();

  /// Reads from the complete backup: see QueueCopy::read.
  Result<std::size_t> read(std::uint64_t offset, std::span<char> room) {
    return copy_->read(offset, room);
  }

 private:
  Result<void> note_waiting(const Tombstone& ended);

  std::unique_ptr<QueueCopy> copy_;
  Spool& spool_;
  Directory& spool_root_;
  std::optional<std::uint64_t> mark_;  ///< Once the rows are copied.
  std::string noted_up_to_;            ///< The id of the last tombstone whose record was looked up.
};

}  // namespace attestrd
