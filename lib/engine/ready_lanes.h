#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "base/ring.h"
#include "base/time.h"

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

  /// `now` is the time at which the handshake became due, and no earlier than that of any before.
  void push(Lane lane, Slot slot, Mono now) { of(lane).push(slot, now); }

  bool empty() const {
    return last_.empty() && fresh_.empty() && known_.empty() && troubled_.empty();
  }
  bool has_last_poll() const { return !last_.empty(); }

  /// Returns when the handshake became due that has waited longest, or up to kBatch earlier;
  /// nothing if none waits.
  std::optional<Mono> oldest() const;

  /// Handshakes that become due within this time count as due at its beginning: the time of each
  /// would need twice the memory of the slots.
  static constexpr Duration kBatch = std::chrono::milliseconds(100);

  /// Returns a handshake for which the predicate holds, one of last polls if there is one, or
  /// nothing if there is none among the first `most` of each lane.
  std::optional<Slot> any(const std::function<bool(Slot)>& counts, std::size_t most) const;

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
  /// The slots of one lane, first in, first out, and when they became due.
  class Queue {
   public:
    bool empty() const { return slots_.empty(); }
    std::size_t size() const { return slots_.size(); }
    void push(Slot slot, Mono due);
    Slot pop();
    Slot at(std::size_t position) const { return slots_.at(position); }
    /// The time of the first slot. The lane must not be empty.
    Mono oldest() const { return batches_.front().due; }

   private:
    struct Batch {
      Mono due{};
      std::uint32_t slots = 0;
    };

    Ring<Slot> slots_;
    Ring<Batch> batches_;  ///< Of successive slots, at least one each.
  };

  Queue& of(Lane lane);

  Queue last_;
  Queue fresh_;
  Queue known_;
  Queue troubled_;
  std::size_t turn_ = 0;
};

}  // namespace attestrd
