#pragma once

#include <cstddef>
#include <memory>
#include <vector>

namespace attestrd {

/// A vector that grows at its end and never moves what it holds: its blocks stay where they are, so
/// that growing needs no second copy of it all. (A std::deque does that in blocks of 512 bytes,
/// each with what the allocator adds to it.)
template <class T, std::size_t kPerBlock = 1024>
class StableVector {
 public:
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

  T& operator[](std::size_t i) { return blocks_[i / kPerBlock][i % kPerBlock]; }
  const T& operator[](std::size_t i) const { return blocks_[i / kPerBlock][i % kPerBlock]; }

  void emplace_back() {
    if (size_ == blocks_.size() * kPerBlock) blocks_.push_back(std::make_unique<T[]>(kPerBlock));
    ++size_;
  }

 private:
  static_assert((kPerBlock & (kPerBlock - 1)) == 0, "so that an index is a shift and a mask");

  std::vector<std::unique_ptr<T[]>> blocks_;
  std::size_t size_ = 0;
};

}  // namespace attestrd
