#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>

#include "log/notice.h"
#include "queue/queue_batch.h"

namespace attestrd {

/// How many handshakes the engine holds for the ledger, and how many more it can hold. What exceeds
/// its memory waits: rows in the queue, submissions in the inbox.
class Capacity {
 public:
  explicit Capacity(std::size_t most) : most_(most) {}

  /// Returns how many more fit. Readmitted rows may exceed the bound for a moment.
  std::size_t free() const { return most_ - std::min(held_, most_); }

  /// Returns how many lines of the inbox may be read now. None while rows of the queue wait: they
  /// were submitted earlier.
  std::size_t lines_to_read() const;

  /// Notes the rows of a claim of at most `wanted` rows.
  void add_claimed(std::size_t rows, std::size_t wanted);
  bool has_unclaimed() const { return has_unclaimed_; }

  /// Counts the rows that a batch has inserted, taken up again and marked as done.
  void note_written(const QueueBatch& batch, const QueueBatchResult& written);

  void add_accepted(std::size_t rows);
  void remove_ended(std::size_t rows);

  /// Returns a notice when the intake stops, and one when a hundredth of the room is free again.
  std::optional<Notice> changed();

 private:
  std::size_t most_;
  std::size_t held_ = 0;
  bool has_unclaimed_ = false;  ///< The last claim may have left rows.
  bool is_full_ = false;        ///< As the last notice said.
};

}  // namespace attestrd
