#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace attestrd {

/// What was learnt since a Hazard was saved. Deltas of several daemons can be merged into one saved
/// Hazard: each fades what it finds there, and adds its own.
struct HazardDelta {
  struct Bucket {
    double done = 0;
    double at_risk_s = 0;
  };

  std::uint64_t begun = 0;     ///< Observations that began meanwhile: so much older ones fade.
  std::vector<Bucket> learnt;  ///< What is to be added to each bucket of age; empty: nothing.

  /// Appends what was learnt after this delta.
  void join(const HazardDelta& later);
};

/// When handshakes get done: the hazard of completion by age, learnt from the answers themselves.
///
/// An answer does not say when a handshake was done, only that it was done by this poll and not yet
/// by the one before (interval censoring), and many handshakes never are. So the hazard is a
/// constant in each of some hundred log-spaced buckets of age: completions over time at risk. A
/// "not yet" adds the time since the one before at once; a "done" is shared among the buckets that
/// it may lie in, in the proportions of the hazard so far (a step of expectation-maximisation:
/// Dempster, Laird and Rubin 1977; for censored data: Turnbull 1976). Old observations fade, so
/// that a law which changes is learnt anew. A prior with a heavy tail holds until observations
/// outweigh it.
class Hazard {
 public:
  /// Knows the prior alone.
  Hazard();

  /// An answer at age `to` said "not yet"; the one before came at `from` (zero: there was none).
  void saw_pending(Duration from, Duration to);
  /// An answer at age `to` said "done".
  void saw_done(Duration from, Duration to);

  /// The share of handshakes pending at `from` that are still pending at `to`.
  double survival(Duration from, Duration to) const;

  /// The staleness rule: how long to wait after a "not yet" at `age` until the time that a result
  /// is expected to have lain there unseen reaches `price`, the first gap with
  ///
  ///     integral of 1 - survival(age, age + s) over s from 0 to gap >= price
  ///
  /// With a constant hazard h that is about sqrt(2 price / h), the cheapest schedule when every
  /// poll has one price. Where the hazard nears zero it grows: at most `longest` is returned.
  Duration gap_at(Duration age, Duration price, Duration longest) const;

  /// Completions learnt, as far as they have not faded.
  double completions() const;

  /// What was learnt since `saved`, an earlier copy of this one.
  HazardDelta delta_since(const Hazard& saved) const;
  /// Adds what another copy learnt: saved.merge(current.delta_since(saved)) makes `saved` know what
  /// `current` knows, but for rounding.
  void merge(const HazardDelta& delta);

  /// What the queue keeps: a text of some kilobytes. `read` takes nothing else.
  std::string write() const;
  static std::optional<Hazard> read(std::string_view text);

 private:
  // Four to the octave, from one second to some two years; the first reaches down to zero, the last
  // goes on for ever.
  static constexpr std::size_t kBuckets = 104;
  using Edges = std::array<double, kBuckets + 1>;

  using Bucket = HazardDelta::Bucket;
  struct Piece {
    std::size_t bucket;
    double length_s;
  };
  class Walk;

  static const Edges& edges();
  static std::size_t bucket_of(double age_s);
  void begin_observation(Duration from);
  void normalise();
  double expected(Duration from, Duration to) const;  // The hazard, summed up over the time.
  void estimate(std::size_t first, std::size_t last);

  std::array<Bucket, kBuckets> seen_{};  // In units of unit_.
  std::array<double, kBuckets> hazard_per_s_{};
  double unit_ = 1;  // What an observation of today counts: it grows, instead of all others fading.
  std::uint64_t begun_ = 0;  // Observations that began since it was made or read.
};

}  // namespace attestrd
