#pragma once

#include <cstddef>
#include <limits>
#include <string>
#include <utility>

namespace attestrd::test {

/// Thrown where the process dies.
struct Death {};

/// Lets the n-th step of the interfaces in memory go wrong.
class Faults {
 public:
  enum class Kind {
    none,
    death,
    disk_full,
    unavailable,  ///< The queue can't be reached, for once.
    answer_lost,  ///< The queue writes a batch, and its answer is lost.
  };

  void arm(Kind kind, int step) {
    kind_ = kind;
    steps_left_ = step;
  }
  void disarm() { kind_ = next_kind_ = Kind::none; }

  /// What is armed once the first one has struck.
  void then(Kind kind, int step) {
    next_kind_ = kind;
    next_step_ = step;
  }

  /// The process may die here.
  void step() {
    if (strikes(Kind::death)) throw Death{};
  }

  /// The same; and returns whether the disk is full for once.
  bool writing_step() {
    step();
    return strikes(Kind::disk_full);
  }

  /// Whether the queue can't be reached for once.
  bool reaching_step() { return strikes(Kind::unavailable); }

  /// Whether the answer to what was just written is lost.
  bool answering_step() { return strikes(Kind::answer_lost); }

  bool is_spent() const { return kind_ == Kind::none; }
  bool has_struck() const { return strikes_ > 0; }

  std::string unwritable;  ///< The disk fails whenever a file of this name is made.
  std::size_t most_names = std::numeric_limits<std::size_t>::max();  ///< A folder has room for.

 private:
  bool strikes(Kind kind) {
    if (kind_ != kind || steps_left_-- != 0) return false;
    ++strikes_;
    arm(std::exchange(next_kind_, Kind::none), next_step_);
    return true;
  }

  Kind kind_ = Kind::none;
  int steps_left_ = 0;
  Kind next_kind_ = Kind::none;
  int next_step_ = 0;
  int strikes_ = 0;
};

}  // namespace attestrd::test
