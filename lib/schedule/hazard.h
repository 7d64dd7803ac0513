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

/// The observations since a Hazard was saved. Deltas of several daemons can be merged into one
/// saved Hazard: each merge fades the observations that are there and adds its own.
struct HazardDelta {
  struct Bucket {
    double done = 0;
    double at_risk_s = 0;
  };

  std::uint64_t begun = 0;     ///< Observations begun meanwhile: older ones fade this often.
  std::vector<Bucket> learnt;  ///< Additions to each bucket of age; empty: none.

  /// Appends a delta that was learnt after this one.
  void join(const HazardDelta& later);
};

/// The hazard of completion by age, learnt from the answers themselves. It describes when
/// handshakes are done.
///
/// An answer does not show when a handshake was done, only that it was done by this poll and not
/// yet by the one before (interval censoring), and many handshakes are never done. Therefore the
/// hazard is a constant in each of about a hundred log-spaced buckets of age: completions over time
/// at risk. A "not yet" adds the time since the answer before at once. A "done" is shared among the
/// buckets in which it may lie, in the proportions of the hazard so far (a step of
/// expectation-maximisation: Dempster, Laird and Rubin 1977; for censored data: Turnbull 1976). Old
/// observations fade, so that the hazard follows a law that changes. A prior with a heavy tail
/// holds until observations outweigh it.
class Hazard {
 public:
  /// Creates a hazard that knows only the prior.
  Hazard();

  /// Adds an answer "not yet" at age `to`. The answer before came at `from` (zero: there was none).
  void saw_pending(Duration from, Duration to);
  /// Adds an answer "done" at age `to`.
  void saw_done(Duration from, Duration to);

  /// Returns the share of handshakes pending at `from` that are still pending at `to`.
  double survival(Duration from, Duration to) const;

  /// Returns how many seconds a result of a handshake pending at `from` is expected to have waited
  /// at `to`: the integral of 1 - survival(from, t) over t from `from` to `to`.
  /// With a share, only the results that come at this share of the hazard count.
  double staleness_s(Duration from, Duration to, double share = 1) const;

  /// Returns the wait after a "not yet" at `age` by the staleness rule: a poll is due when the time
  /// that a result is expected to have waited unseen reaches `price`. This is the first gap with
  ///
  ///     integral of 1 - survival(age, age + s) over s from 0 to gap >= price
  ///
  /// The gap for a constant hazard h is about sqrt(2 price / h), the cheapest schedule when every
  /// poll has one price. The gap grows as the hazard nears zero; at most `longest` is returned.
  /// `share` is the share of results for which a poll is needed: the hazard is that much lower.
  Duration gap_at(Duration age, Duration price, Duration longest, double share = 1) const;

  /// Returns the age up to which observations outweigh the prior, with two years as its maximum;
  /// zero: there is none.
  Duration learnt_until() const;

  /// Returns the number of completions learnt, as far as they have not faded.
  double completions() const;

  /// Returns what was learnt since `saved`, an earlier copy of this hazard.
  HazardDelta delta_since(const Hazard& saved) const;
  /// Adds what another copy learnt. saved.merge(current.delta_since(saved)) makes `saved` equal to
  /// `current` except for rounding.
  void merge(const HazardDelta& delta);

  /// Returns the text that the queue stores, some kilobytes long. `read` accepts only such a text.
  std::string write() const;
  static std::optional<Hazard> read(std::string_view text);

 private:
  // There are four buckets per octave, from one second to about two years. The first bucket begins
  // at zero, and the last has no end.
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
  double expected(Duration from, Duration to) const;  // The integral of the hazard over the time.
  void estimate(std::size_t first, std::size_t last);

  std::array<Bucket, kBuckets> seen_{};  // In units of unit_.
  std::array<double, kBuckets> hazard_per_s_{};
  double unit_ = 1;  // The weight of a new observation: it grows, instead of all others fading.
  std::uint64_t begun_ = 0;  // Observations that began since construction or read().
};

}  // namespace attestrd
