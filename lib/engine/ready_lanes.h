#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/ring.h"

namespace attestrd {

/// The handshakes that are due, in three lanes. The lanes take turns, so that none starves another;
/// last polls have every second turn, since their results are the nearest to be archived.
class ReadyLanes {
 public:
  using Slot = std::uint32_t;

  enum class Lane : std::uint8_t {
    last,   ///< Its deadline has come: the next poll is its last.
    fresh,  ///< Accepted by this process, and not polled yet.
    known,  ///< All others.
  };

  void push(Lane lane, Slot slot) { of(lane).push(slot); }

  bool empty() const { return last_.empty() && fresh_.empty() && known_.empty(); }
  bool has_last_poll() const { return !last_.empty(); }

  /// Takes out the first of the lane whose turn it is. The lanes must not be empty.
  Slot pop();

  /// Takes out one that is not in the lane of last polls, in any order; nothing: none is left.
  std::optional<Slot> pop_other();

 private:
  Ring<Slot>& of(Lane lane);

  Ring<Slot> last_;
  Ring<Slot> fresh_;
  Ring<Slot> known_;
  std::size_t turn_ = 0;
};

}  // namespace attestrd
