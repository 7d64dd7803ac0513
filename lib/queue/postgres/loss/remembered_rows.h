#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "base/limits.h"
#include "base/time.h"
#include "queue/postgres/batch_decisions.h"

namespace attestrd {

/// The rows that this process has committed in the last limits::kRememberedFor, as it wrote them
/// last: what a failover of the database may have lost. The oldest are forgotten beyond
/// limits::kRememberedRows.
class RememberedRows {
 public:
  explicit RememberedRows(std::size_t most = limits::kRememberedRows) : most_(most) {}

  /// Notes a row that is committed. `running` is the running time, which never goes back.
  void note(const SharedRow& row, Duration running);

  /// Returns the rows in the order of their ids.
  std::vector<SharedRow> rows() const;

  /// Returns the running time of the last note.
  Duration running() const { return order_.empty() ? Duration(0) : order_.back().running; }

  /// Returns how many rows were forgotten before their time, for lack of room, and are missing.
  std::size_t missing() const { return dropped_.size(); }

 private:
  struct Noted {
    std::uint64_t number = 0;
    SharedRow row;
  };
  struct Order {
    Duration running{};
    std::uint64_t number = 0;
    HandshakeId id;
  };

  void forget_first();

  std::size_t most_;
  std::uint64_t last_ = 0;
  std::map<HandshakeId, Noted> rows_;
  std::deque<Order> order_;  ///< Each time that a row was noted; of a row, the last one counts.
  std::deque<Duration> dropped_;
};

/// Returns a remembered row as it must be written in the place of the row that the database has
/// now, or nothing if that one is no older state of it. `is_new`: it was inserted just now, since
/// the database had none.
///
/// A row that was staged in this node's spool is staged again, and one that is done becomes a
/// tombstone: neither may be polled once more. A row in another spool stays, and so does one that
/// is polled: another node may own it.
std::optional<SharedRow> restored(const SharedRow& remembered, const SharedRow& found, bool is_new);

}  // namespace attestrd
