#pragma once

#include <algorithm>
#include <cstdint>

#include "base/limits.h"

namespace attestrd {

/// The number of polls that may be in flight: few at first and after a pause of the account, one
/// more with each good answer, and at most `connections`.
class SlowStart {
 public:
  /// Sets the number of connections, at least 1. It may change at any time.
  void set_most(std::uint32_t connections) {
    most_ = connections;
    allowed_ = std::min(allowed_, most_);
  }

  std::uint32_t allowed() const { return allowed_; }

  void good_answer() { allowed_ = std::min(allowed_ + 1, most_); }
  void begin_anew() { allowed_ = std::min(limits::kSlowStartConnections, most_); }

 private:
  std::uint32_t most_ = limits::kSlowStartConnections;
  std::uint32_t allowed_ = limits::kSlowStartConnections;
};

}  // namespace attestrd
