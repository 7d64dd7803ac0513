#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "base/ring.h"

namespace attestrd {

/// The due handshakes, in four lanes. The lanes are served in turn, so that none starves another.
/// Last polls get every second turn, since their results are the nearest to be archived.
class ReadyLanes {
 public:
  using Slot = std::uint32_t;

  enum class Lane : std::uint8_t {
    last,      ///< The deadline has come: the next poll is the last.
    fresh,     ///< Accepted by this process, and not polled yet.
    known,     ///< The latest answer was a good one.
    troubled,  ///< All other handshakes.
  };

  void push(Lane lane, Slot slot) { of(lane).push(slot); }

  bool empty() const {
    return last_.empty() && fresh_.empty() && known_.empty() && troubled_.empty();
  }
  bool has_last_poll() const { return !last_.empty(); }

  /// Removes and returns the first handshake of the lane whose turn it is. empty() must be false.
  Slot pop();

  /// Removes and returns the first handshake of the lane `known`, or returns nothing if it is
  /// empty.
  std::optional<Slot> pop_known();

  /// Removes and returns a handshake that is not in the lane of last polls, in any order, or
  /// returns nothing if none is left.
  std::optional<Slot> pop_other();

  /// Removes and returns the handshakes for which the predicate holds. Walks over all lanes. The
  /// others keep their order.
  std::vector<Slot> remove_if(const std::function<bool(Slot)>& is_removed);

 private:
  Ring<Slot>& of(Lane lane);

  Ring<Slot> last_;
  Ring<Slot> fresh_;
  Ring<Slot> known_;
  Ring<Slot> troubled_;
  std::size_t turn_ = 0;
};

}  // namespace attestrd
