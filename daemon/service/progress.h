#pragma once

#include <cstdint>
#include <string>

#include "base/time.h"

namespace attestrd {

/// The progress of a run: one line on the terminal, overwritten at each update. Nothing is written
/// unless stdout and stderr both are terminals.
class ProgressLine {
 public:
  ProgressLine();

  /// Writes to `descriptor`, whether or not it is a terminal. Used by tests.
  explicit ProgressLine(int descriptor) : descriptor_(descriptor) {}

  /// Erases the line.
  ~ProgressLine();
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  void show(std::uint64_t pending, std::uint64_t delivered, Mono now);

 private:
  int descriptor_;  ///< -1 if there is no terminal.
  std::uint64_t last_delivered_ = 0;
  Mono last_shown_ = Mono::min();
  double rate_per_second_ = 0;
};

}  // namespace attestrd
