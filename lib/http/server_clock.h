#pragma once

#include <optional>
#include <string_view>

#include "base/time.h"

namespace attestrd {

/// The difference between the server's clock and ours, as the Dates of answers show it.
class ServerClock {
 public:
  /// Compares our clock with the Date of an answer, at most once per interval. Returns true if a
  /// warning is due: two answers in a row show that the clocks differ by more than
  /// limits::kClockDifference, and they have agreed since the last warning.
  bool compare(std::string_view date, Now now);

  /// Returns by how much the server's clock is ahead of ours, or nothing if no answer has shown it.
  /// A large difference counts once a second answer confirms it.
  std::optional<Duration> difference() const { return difference_; }

 private:
  std::optional<Duration> difference_;
  Mono next_ = Mono::min();
  bool was_far_ = false;  // The last comparison found a large difference.
  bool is_warned_ = false;
};

}  // namespace attestrd
