#pragma once

#include <array>
#include <cstddef>
#include <memory>

namespace attestrd {

/// Where the handlers of a HandlerMemory lie.
struct HandlerRoom {
  struct Place {
    alignas(std::max_align_t) std::array<std::byte, 256> bytes;
    bool is_taken = false;
  };
  std::array<Place, 2> places;
};

/// An allocator for the handlers of one object that waits on an event loop again and again: it has
/// room for two, so that no wait takes anything from the heap. (A timer that is set anew has two:
/// the old one is still to be told.) What does not fit comes from the heap. Copies share the room,
/// which lives as long as any of them, so as long as a handler that lies in it. One thread.
template <class T = std::byte>
class HandlerMemory {
 public:
  using value_type = T;

  HandlerMemory() : room_(std::make_shared<HandlerRoom>()) {}
  template <class U>
  HandlerMemory(const HandlerMemory<U>& other) : room_(other.room_) {}

  T* allocate(std::size_t count) {
    static_assert(alignof(T) <= alignof(std::max_align_t));
    for (auto& place : room_->places) {
      if (place.is_taken || count * sizeof(T) > place.bytes.size()) continue;
      place.is_taken = true;
      return reinterpret_cast<T*>(place.bytes.data());
    }
    return std::allocator<T>().allocate(count);
  }

  void deallocate(T* block, std::size_t count) {
    for (auto& place : room_->places) {
      if (static_cast<void*>(block) != place.bytes.data()) continue;
      place.is_taken = false;
      return;
    }
    std::allocator<T>().deallocate(block, count);
  }

  template <class U>
  bool operator==(const HandlerMemory<U>& other) const {
    return room_ == other.room_;
  }

 private:
  template <class>
  friend class HandlerMemory;

  std::shared_ptr<HandlerRoom> room_;
};

}  // namespace attestrd
