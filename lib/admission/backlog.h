#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "base/check.h"
#include "base/limits.h"

namespace attestrd {

/// The answers that are kept in memory: those that wait for their verification, and the records of
/// ended handshakes that are not durable yet; and the decision whether more may be fetched. Polling
/// waits while the records reach limits::kUnsettledRecords, while the bytes reach
/// limits::kUnsettledBytes or half of the memory for answers, while the disk is full, and while the
/// queue can't be reached: nothing is fetched that could not be stored. In a fleet it waits without
/// a lease, too.
class Backlog {
 public:
  /// Sets the memory for all answers.
  void set_memory(std::size_t bytes) { most_bytes_ = std::min(bytes / 2, limits::kUnsettledBytes); }

  /// Adds an answer that waits for its verification.
  void keep(std::size_t bytes) { bytes_ += bytes; }
  /// Removes it. `bytes` must be the number given to keep().
  void drop(std::size_t bytes) {
    ATTESTRD_CHECK(bytes_ >= bytes);
    bytes_ -= bytes;
  }

  /// Adds a record.
  void add(std::uint32_t bytes) {
    ++records_;
    keep(bytes);
  }
  /// Removes a record. `bytes` must be the number given to add().
  void remove(std::uint32_t bytes) {
    ATTESTRD_CHECK(records_ > 0);
    --records_;
    drop(bytes);
  }

  void set_disk_full(bool is_full) { is_disk_full_ = is_full; }
  void set_queue_unavailable(bool is_unavailable) { is_queue_unavailable_ = is_unavailable; }

  void set_lease_over(bool is_over) { is_lease_over_ = is_over; }

  /// Returns whether one more poll may start while this many are in flight.
  bool allows(std::size_t in_flight) const {
    return can_be_written() && records_ + in_flight < limits::kUnsettledRecords &&
           bytes_ < most_bytes_;
  }

  bool can_be_written() const {
    return !is_disk_full_ && !is_queue_unavailable_ && !is_lease_over_;
  }
  bool is_disk_full() const { return is_disk_full_; }
  bool is_queue_unavailable() const { return is_queue_unavailable_; }
  bool is_lease_over() const { return is_lease_over_; }
  std::size_t records() const { return records_; }
  std::size_t bytes() const { return bytes_; }

 private:
  std::size_t records_ = 0;
  std::size_t bytes_ = 0;
  std::size_t most_bytes_ = limits::kUnsettledBytes;
  bool is_disk_full_ = false;
  bool is_queue_unavailable_ = false;
  bool is_lease_over_ = false;
};

}  // namespace attestrd
