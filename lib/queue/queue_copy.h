#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "queue/queue_row.h"

namespace attestrd {

/// A copy of all rows of a queue, which is made in slices, so that its owner can write between
/// them. It begins as a copy of the rows, then is given the records that no consumer has removed,
/// and is read as bytes once it is finished. Destroying it removes it.
///
/// Threads: the one that uses the queue. After an error the copy is of no use, but the queue is.
class QueueCopy {
 public:
  virtual ~QueueCopy() = default;

  /// Copies some more rows. Returns whether the copy is complete: then it equals the queue at this
  /// moment.
  virtual Result<bool> copy_slice() = 0;

  /// Returns the first `max` tombstones of the complete copy whose ids are greater than `id`.
  virtual Result<std::vector<Tombstone>> ended_after(std::string_view id, std::size_t max) = 0;

  /// Notes that the record of a handshake that has ended is still in its folder. `row` has its tag
  /// and the time of its submission.
  virtual Result<void> add_waiting(const QueuedHandshake& row) = 0;

  /// Ends the copy with the number of its mark in the spool. Returns its size in bytes.
  virtual Result<std::uint64_t> finish(std::uint64_t number) = 0;

  /// Reads into the front of `room` from an offset of the finished copy. Returns the number of
  /// bytes; 0: the offset is not before its end.
  virtual Result<std::size_t> read(std::uint64_t offset, std::span<char> room) = 0;
};

}  // namespace attestrd
