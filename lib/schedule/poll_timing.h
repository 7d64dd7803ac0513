#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "base/limits.h"
#include "base/prng.h"
#include "base/time.h"
#include "schedule/cadence.h"
#include "schedule/delay_aim.h"
#include "schedule/hazard.h"
#include "schedule/hint_coverage.h"
#include "schedule/learnt_curve.h"
#include "schedule/poll_price.h"

namespace attestrd {

/// The settings that decide when a handshake is polled.
struct PollTimingSettings {
  CadenceKind cadence = CadenceKind::adaptive;
  double requests_per_second = 0;
  double polls_per_handshake = 0;  ///< The target of `adaptive` instead of the rate; 0: the rate.
  Duration target_delay{0};        ///< The mean delay that `adaptive` aims at; 0: none.
  Duration min_interval{0};
  Duration max_interval{0};
  Duration hinted_max_interval{0};  ///< While hints announce nearly all results; 0: max_interval.
  double backoff_factor = 1.6;
  Duration give_up_after{0};
};

/// The decision WHEN a handshake is polled next: the cadence and the hazard learnt for it, the
/// price of a poll, the backoff after an error, jitter, and the last poll on the deadline. The
/// random generator is an argument.
// More than 20 methods: the engine asks for one decision or reports one observation at a time.
class PollTiming {
 public:
  /// A poll that is due at `at`. No other rule moves it to a time before `floor`.
  struct Due {
    Mono at;
    Mono floor;
  };

  /// The deadline of a handshake, and whether its last poll has begun.
  struct Deadline {
    Mono at;
    bool was_last_poll = false;  ///< The latest poll began at or after the deadline.
  };

  /// The backoff of one handshake after an error.
  struct ErrorBackoff {
    std::uint32_t errors = 0;                 ///< Errors in a row before this one.
    Duration cap = limits::kErrorBackoffCap;  ///< Of the delay, before its jitter.
    /// Raises the floor; capped at limits::kRetryAfterCap.
    std::optional<Duration> retry_after = {};
    Duration floor{0};  ///< Of the delay: all in trouble together leave requests for others.
  };

  explicit PollTiming(const PollTimingSettings& settings);
  PollTiming(PollTiming&&) = delete;  // The cadence refers to other members.

  /// Sets the settings for all gaps that begin from now on.
  void set(const PollTimingSettings& settings);
  /// Sets the rate that the server allows (0: no limit), which is at most that of the settings, and
  /// the rest of the requests of the day (0: no daily limit), both in requests per second.
  void set_rates(double allowed, double of_the_day) {
    price_.set_rate(allowed);
    price_.set_daily_rate(of_the_day);
  }

  // ---- The next poll. `load` is the contribution of the handshake to the request rate while it
  // waits. It is recomputed with each gap of the cadence.

  /// Returns the first poll of a new handshake, or nothing if it is due at once.
  std::optional<Due> first_poll(PollPrice::Load& load, Mono now, Prng& prng);
  /// Returns the first poll of a handshake that was found in the queue at a start: at a random time
  /// within `ramp`, or within its own gap if that is shorter.
  Due recovered_poll(PollPrice::Load& load, Duration age, Duration ramp, bool is_overdue, Mono now,
                     Prng& prng);
  /// Returns the poll after a "not yet" that came at `now` and at this age. For new settings, `now`
  /// is the time of an earlier answer, or begins a new gap. A handshake whose hint was spent on a
  /// "not yet" gets no other one for its result: it is polled as where no hints come.
  Due after_pending(PollPrice::Load& load, Duration age, Mono now, Prng& prng,
                    bool is_hint_spent = false);
  /// Returns the poll after a hint: at once, but not before min_interval is over. `last_pending` is
  /// the time of the last "not yet"; Mono::min(): none.
  Due after_hint(Mono last_pending, Mono now) const;
  /// Returns the poll after an error.
  Due after_error(const ErrorBackoff& backoff, Mono now, Prng& prng) const;
  /// Returns the next check while the requests of the day are spent. A handshake is checked from
  /// time to time, so that not all are polled at once at midnight, and so that a raised limit, a
  /// changed clock and the deadline are noticed.
  Due put_off(Mono now, Prng& prng) const;
  /// Returns the time of the poll so that the last poll falls exactly on the deadline, and no poll
  /// falls just before it.
  Mono fit(Due due, const Deadline& deadline, Mono now) const;

  /// Removes the load of a handshake that no longer waits.
  void remove(PollPrice::Load load) { price_.remove(load); }

  // ---- Learning.

  /// Sets the hazard that the queue stores. What was learnt here and is not saved yet is added to
  /// it.
  void learnt(const Hazard& saved);
  void saw_pending(Duration from, Duration to) { hazard_.saw_pending(from, to); }
  /// Adds a completion. Returns true when enough completions are unsaved for a save.
  bool saw_done(Duration from, Duration to);
  /// Adds a completion that a hint announced at age `hinted`, if the poll after it finds it at age
  /// `to`: it was done shortly before the hint. Returns the same as saw_done().
  bool saw_announced(Duration from, Duration hinted, Duration to);
  /// Returns what was learnt since the last call, or nothing if no completion is new. What it
  /// returns counts as saved from now on.
  std::optional<HazardDelta> take_unsaved();

  const Hazard& hazard() const { return hazard_; }
  /// The share of results that hints announce, as learnt.
  HintCoverage& hints() { return hints_; }
  const HintCoverage& hints() const { return hints_; }
  /// Returns the probability that a handshake that was pending at age `from`, and for which no hint
  /// has come, is done at age `to`.
  double chance_done(Duration from, Duration to) const;
  /// Returns the expected number of polls of a handshake of this age until it is done or `until`
  /// has come.
  double expected_polls(Duration age, Duration until) const;

  /// Returns nothing if the cadence does not learn. Takes some 0.1 ms.
  std::optional<MeanDelay> mean_delay() const;

  /// Returns the curve of completions up to give_up_after, and the polls of a new handshake.
  LearntCurve curve() const {
    return learnt_curve(hazard_, *cadence_, settings_.give_up_after, settings_.min_interval,
                        unannounced());
  }

 private:
  GapBounds gap_bounds() const;
  void set_prices();
  void improve_aim(int steps);
  void observed();
  double unannounced() const;
  Duration longest(double unannounced) const;
  Duration jittered(Duration gap, Duration longest, Prng& prng) const;
  void weigh(PollPrice::Load& load, Duration gap, Duration longest);

  PollTimingSettings settings_;
  Hazard hazard_;
  Hazard saved_;  // hazard_ as it was last saved.
  PollPrice price_;
  DelayAim aim_;
  HintCoverage hints_;
  std::unique_ptr<Cadence> cadence_;
  std::uint32_t unsaved_completions_ = 0;
  std::uint64_t observed_ = 0;       // New handshakes and completions.
  std::uint64_t next_price_at_ = 0;  // Prices follow what is learnt once `observed_` is this.
};

}  // namespace attestrd
