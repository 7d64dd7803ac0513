#pragma once

#include <boost/circular_buffer.hpp>

#include <cstddef>
#include <utility>

namespace attestrd {

/// A first-in, first-out queue in one block of memory, which grows by doubling and is never
/// released: in the steady state it never allocates (a deque allocates a block at a time).
template <class T>
class Ring {
 public:
  bool empty() const { return slots_.empty(); }
  std::size_t size() const { return slots_.size(); }

  void push(T value) {
    if (slots_.full()) slots_.set_capacity(slots_.empty() ? kFirstSlots : 2 * slots_.capacity());
    slots_.push_back(std::move(value));
  }

  /// The oldest and the newest value. The ring must not be empty.
  T& front() { return slots_.front(); }
  const T& front() const { return slots_.front(); }
  T& back() { return slots_.back(); }

  /// The value at a position from the oldest, which is 0. It must be less than size().
  const T& at(std::size_t position) const { return slots_[position]; }

  /// The ring must not be empty.
  T pop() {
    T value = std::move(slots_.front());
    slots_.pop_front();
    return value;
  }

 private:
  static constexpr std::size_t kFirstSlots = 16;

  boost::circular_buffer<T> slots_;
};

}  // namespace attestrd
