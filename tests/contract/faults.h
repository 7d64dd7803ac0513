#pragma once

#include <cstddef>
#include <limits>
#include <string>
#include <utility>

namespace attestrd::test {

/// The exception that a simulated death of the process throws.
struct Death {};

/// A fault injector: makes the n-th step of the in-memory implementations fail.
class Faults {
 public:
  enum class Kind {
    none,
    death,
    disk_full,
    unavailable,  ///< The queue is unavailable for one call.
    answer_lost,  ///< The queue writes a batch, and its answer is lost.
  };

  void arm(Kind kind, int step) {
    kind_ = kind;
    steps_left_ = step;
  }
  void disarm() { kind_ = next_kind_ = Kind::none; }

  /// Arms a second fault, which takes effect once the first one has struck.
  void then(Kind kind, int step) {
    next_kind_ = kind;
    next_step_ = step;
  }

  /// Throws Death if a death is armed for this step.
  void step() {
    if (strikes(Kind::death)) throw Death{};
  }

  /// Does the same as step(), and returns whether the disk is full at this one call.
  bool writing_step() {
    step();
    return strikes(Kind::disk_full);
  }

  /// Returns whether the queue is unavailable for this one call.
  bool reaching_step() { return strikes(Kind::unavailable); }

  /// Returns whether the answer to the batch that was just written is lost.
  bool answering_step() { return strikes(Kind::answer_lost); }

  bool is_spent() const { return kind_ == Kind::none; }
  bool has_struck() const { return strikes_ > 0; }

  std::string unwritable;  ///< Creating a file of this name fails.
  int failing_read = 0;    ///< The n-th read of a file from now fails; 0: none does.
  std::size_t most_names = std::numeric_limits<std::size_t>::max();  ///< Capacity of a folder.

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
