#pragma once

#include <cstdint>
#include <string>

#include "base/time.h"

namespace attestrd {

/// How far a run has come: one line on the terminal, written over and over. Nothing is written
/// unless stdout and stderr both are one.
class ProgressLine {
 public:
  ProgressLine();

  /// For tests: writes to `descriptor`, a terminal or not.
  explicit ProgressLine(int descriptor) : descriptor_(descriptor) {}

  /// Wipes the line.
  ~ProgressLine();
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  void show(std::uint64_t pending, std::uint64_t delivered, Mono now);

 private:
  int descriptor_;  ///< -1: no terminal.
  std::uint64_t last_delivered_ = 0;
  Mono last_shown_ = Mono::min();
  double rate_per_second_ = 0;
};

}  // namespace attestrd
