#pragma once

#include <cstddef>
#include <limits>
#include <string>

namespace attestrd::test {

/// Thrown where the process dies.
struct Death {};

/// Lets the n-th step that the doors take go wrong.
class Faults {
 public:
  enum class Kind { none, death, disk_full };

  void arm(Kind kind, int step) {
    kind_ = kind;
    steps_left_ = step;
  }
  void disarm() { kind_ = Kind::none; }

  /// The process may die here.
  void step() {
    if (kind_ == Kind::death && steps_left_-- == 0) {
      disarm();
      throw Death{};
    }
  }

  /// The same; and returns whether the disk is full for once.
  bool writing_step() {
    step();
    if (kind_ != Kind::disk_full || steps_left_-- != 0) return false;
    disarm();
    return true;
  }

  bool is_spent() const { return kind_ == Kind::none; }

  std::string unwritable;  ///< The disk fails whenever a file of this name is made.
  std::size_t most_names = std::numeric_limits<std::size_t>::max();  ///< A folder has room for.

 private:
  Kind kind_ = Kind::none;
  int steps_left_ = 0;
};

}  // namespace attestrd::test
