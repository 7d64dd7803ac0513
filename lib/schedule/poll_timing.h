#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "base/prng.h"
#include "base/time.h"
#include "schedule/cadence.h"
#include "schedule/hazard.h"
#include "schedule/poll_price.h"

namespace attestrd {

/// The settings that decide when a handshake is polled.
struct PollTimingSettings {
  CadenceKind cadence = CadenceKind::adaptive;
  double requests_per_second = 0;
  double polls_per_handshake = 0;  ///< What `adaptive` aims at instead of the rate; 0: the rate.
  Duration min_interval{0};
  Duration max_interval{0};
  double backoff_factor = 1.6;
  Duration give_up_after{0};
  Duration unknown_grace{0};
};

/// WHEN a handshake is polled next: the cadence and what was learnt for it, the price of a poll,
/// the backoff after an error, jitter, and the last poll on the deadline. Luck is an argument.
class PollTiming {
 public:
  /// A poll is due at `at`, and by no other rule before `floor`.
  struct Due {
    Mono at;
    Mono floor;
  };

  /// What is known of the deadline of a handshake.
  struct Deadline {
    Mono at;
    bool was_last_poll = false;  ///< The last poll that began was at the deadline or after it.
  };

  explicit PollTiming(const PollTimingSettings& settings);
  PollTiming(PollTiming&&) = delete;  // The cadence refers to its neighbours.

  /// Holds for all gaps that begin from now on.
  void set(const PollTimingSettings& settings);
  /// What the day has left, in requests per second; 0: no daily limit.
  void set_daily_rate(double requests_per_second) { price_.set_daily_rate(requests_per_second); }

  // ---- The next poll. `load` is what the handshake adds to the request rate while it waits; it is
  // weighed anew with each gap of the cadence.

  /// Of a new handshake; nothing: at once.
  std::optional<Due> first_poll(PollPrice::Load& load, Mono now, Prng& prng);
  /// Of one found in the queue at a start: at a random time within `ramp`, or within its own gap if
  /// that is shorter.
  Due recovered_poll(PollPrice::Load& load, Duration age, Duration ramp, bool is_overdue, Mono now,
                     Prng& prng);
  /// After a "not yet" at this age. If Attestr does not know the handshake, since
  /// `unknown_since`: a poll exactly when its grace ends decides whether it is given up.
  Due after_pending(PollPrice::Load& load, Duration age, std::optional<Mono> unknown_since,
                    Mono now, Prng& prng);
  /// After so many errors in a row before this one. Retry-After raises the floor, capped at
  /// limits::kRetryAfterCap.
  Due after_error(std::uint32_t errors, std::optional<Duration> retry_after, Mono now,
                  Prng& prng) const;
  /// While the requests of the day are spent: from time to time, rather than at midnight all at
  /// once. So a raised limit, a clock that was set and the deadline are seen as well.
  Due put_off(Mono now, Prng& prng) const;
  /// The last poll falls exactly on the deadline, and none just before it.
  Mono fit(Due due, const Deadline& deadline, Mono now) const;

  /// A handshake waits no longer.
  void remove(PollPrice::Load load) { price_.remove(load); }

  // ---- What is learnt.

  /// What the queue keeps. What was learnt here and is not saved yet is added to it.
  void learnt(const Hazard& saved);
  void saw_pending(Duration from, Duration to) { hazard_.saw_pending(from, to); }
  /// Returns true when so many completions are unsaved that they should be saved.
  bool saw_done(Duration from, Duration to);
  /// What was learnt since the last call, and passes for saved from now on; nothing: no completion
  /// is new.
  std::optional<HazardDelta> take_unsaved();

  const Hazard& hazard() const { return hazard_; }
  /// How many polls a handshake of this age will see until it is done or `until` has come.
  double expected_polls(Duration age, Duration until) const;

 private:
  void fix_price();
  Duration jittered(Duration gap, Prng& prng) const;
  void weigh(PollPrice::Load& load, Duration gap);

  PollTimingSettings settings_;
  Hazard hazard_;
  Hazard saved_;  // hazard_ as it was last saved.
  PollPrice price_;
  std::unique_ptr<Cadence> cadence_;
  std::uint32_t unsaved_completions_ = 0;
  std::uint32_t unpriced_handshakes_ = 0;  // New ones since the price was fixed.
};

}  // namespace attestrd
