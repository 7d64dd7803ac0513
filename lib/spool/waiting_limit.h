#pragma once

#include <algorithm>
#include <cstdint>

namespace attestrd {

/// The rule by which records that no consumer takes stop the intake: as soon as there are `most` of
/// them, until a tenth of them, at least one, is gone. 0: never.
class WaitingLimit {
 public:
  bool is_full() const { return is_full_; }

  /// Returns whether this changed is_full().
  bool update(std::uint64_t waiting, std::uint64_t most) {
    const bool was_full = is_full_;
    const auto gone = was_full ? std::max<std::uint64_t>(most / 10, 1) : 1;
    is_full_ = most > 0 && waiting + gone > most;
    return is_full_ != was_full;
  }

 private:
  bool is_full_ = false;
};

}  // namespace attestrd
