#include "schedule/poll_timing.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/backoff.h"
#include "base/limits.h"
#include "schedule/forecast.h"
#include "schedule/learnt_cadence.h"

namespace attestrd {
namespace {

// This jitter prevents handshakes that were submitted together from being polled together for ever.
constexpr double kCadenceJitter = 0.1;
// The hazard is saved in the queue after this many completions.
constexpr std::uint32_t kCompletionsPerSave = 64;
// The prices that follow from what is learnt are computed anew when the observations have grown by
// an eighth, or by this many.
constexpr std::uint64_t kMostObservationsPerPrice = 256;
// Steps that find the price of a new target: see DelayAim::improve().
constexpr int kStepsToAim = 4;
// A hint follows its result so soon.
constexpr Duration kHintDelay = std::chrono::seconds(2);

}  // namespace

PollTiming::PollTiming(const PollTimingSettings& settings) { set(settings); }

void PollTiming::set(const PollTimingSettings& settings) {
  settings_ = settings;
  if (settings.cadence == CadenceKind::adaptive) {
    cadence_ = std::make_unique<LearntCadence>(hazard_, price_, settings.max_interval,
                                               settings.hinted_max_interval);
  } else {
    cadence_ = std::make_unique<ExponentialCadence>(settings.min_interval, settings.max_interval,
                                                    settings.backoff_factor);
  }
  price_.set_rate(settings.requests_per_second);
  if (aim_.target() != settings.target_delay) aim_.set(settings.target_delay);
  set_prices();
}

GapBounds PollTiming::gap_bounds() const {
  return {settings_.min_interval, price_.longest(settings_.max_interval)};
}

void PollTiming::set_prices() {
  if (settings_.polls_per_handshake > 0) {
    price_.fix(price_for_polls(hazard_, settings_.polls_per_handshake, settings_.give_up_after,
                               {settings_.min_interval, settings_.max_interval}));
  }
  improve_aim(kStepsToAim);
}

void PollTiming::improve_aim(int steps) {
  if (settings_.cadence != CadenceKind::adaptive) return;
  for (int i = 0; i < steps; ++i) aim_.improve(hazard_, settings_.give_up_after, gap_bounds());
  price_.set_least(aim_.price());
}

/// Counts a new handshake or a completion.
void PollTiming::observed() {
  if (++observed_ < next_price_at_) return;
  next_price_at_ =
      observed_ + std::clamp<std::uint64_t>(observed_ / 8, 1, kMostObservationsPerPrice);
  if (settings_.polls_per_handshake > 0) {
    set_prices();
  } else {
    improve_aim(1);
  }
}

// ---- The next poll.

std::optional<PollTiming::Due> PollTiming::first_poll(PollPrice::Load& load, Mono now, Prng& prng) {
  observed();
  const Duration gap = cadence_->first_gap(unannounced());
  if (gap == Duration(0)) return std::nullopt;
  weigh(load, gap, longest(unannounced()));
  return Due{now + jittered(gap, longest(unannounced()), prng), now};
}

PollTiming::Due PollTiming::recovered_poll(PollPrice::Load& load, Duration age, Duration ramp,
                                           bool is_overdue, Mono now, Prng& prng) {
  const Duration gap = cadence_->gap_at(age, unannounced());
  weigh(load, gap, longest(unannounced()));
  const Mono at = now + scaled(std::min(ramp, gap), prng.unit());
  return {at, is_overdue ? at : now};
}

PollTiming::Due PollTiming::after_pending(PollPrice::Load& load, Duration age, Mono now, Prng& prng,
                                          bool is_hint_spent) {
  const double share = is_hint_spent ? 1 : unannounced();
  const Duration gap = cadence_->gap_at(age, share);
  weigh(load, gap, longest(share));
  return {now + jittered(gap, longest(share), prng), now + settings_.min_interval};
}

PollTiming::Due PollTiming::after_hint(Mono last_pending, Mono now) const {
  const Mono at = std::max(now, last_pending + settings_.min_interval);
  return {at, at};
}

PollTiming::Due PollTiming::after_error(const ErrorBackoff& backoff, Mono now, Prng& prng) const {
  const Duration delay = equal_jitter(
      exponential_backoff(limits::kErrorBackoffFirst, backoff.cap, backoff.errors), prng);
  const Duration demanded =
      std::min(backoff.retry_after.value_or(Duration(0)), limits::kRetryAfterCap);
  const Duration floor = std::max({settings_.min_interval, demanded, backoff.floor});
  return {now + std::max(delay, floor), now + floor};
}

PollTiming::Due PollTiming::put_off(Mono now, Prng& prng) const {
  const Duration recheck = std::min(limits::kNextDayLook, settings_.max_interval);
  return {now + equal_jitter(recheck, prng), now};
}

Mono PollTiming::fit(Due due, const Deadline& deadline, Mono now) const {
  const bool is_last_poll_to_come = now < deadline.at || !deadline.was_last_poll;
  if (is_last_poll_to_come && due.at > deadline.at - settings_.min_interval) due.at = deadline.at;
  return std::max(due.at, due.floor);
}

/// Returns the gap with jitter, within its bounds.
Duration PollTiming::jittered(Duration gap, Duration longest, Prng& prng) const {
  const double jitter = 1 + kCadenceJitter * (2 * prng.unit() - 1);
  return std::clamp(scaled(gap, jitter), settings_.min_interval, longest);
}

void PollTiming::weigh(PollPrice::Load& load, Duration gap, Duration longest) {
  price_.remove(load);
  const bool is_stretched = longest > price_.longest(settings_.max_interval);
  load = price_.add(gap, longest, is_stretched);
}

Duration PollTiming::longest(double unannounced) const {
  return price_.longest(
      longest_gap(settings_.max_interval, settings_.hinted_max_interval, unannounced));
}

/// Returns the share of results that no hint announces, as far as the cadence depends on it.
double PollTiming::unannounced() const {
  return settings_.cadence == CadenceKind::adaptive ? hints_.unannounced() : 1;
}

// ---- Learning.

void PollTiming::learnt(const Hazard& saved) {
  const HazardDelta unsaved = hazard_.delta_since(saved_);
  hazard_ = saved_ = saved;
  hazard_.merge(unsaved);
  set_prices();
}

bool PollTiming::saw_done(Duration from, Duration to) {
  hazard_.saw_done(from, to);
  observed();
  return ++unsaved_completions_ >= kCompletionsPerSave;
}

bool PollTiming::saw_announced(Duration from, Duration hinted, Duration to) {
  // A hint that came before the last "not yet" does not show when the result came.
  if (hinted <= from) return saw_done(from, to);
  const Duration since = std::max(from, hinted - kHintDelay);
  hazard_.saw_pending(from, since);
  return saw_done(since, hinted);
}

std::optional<HazardDelta> PollTiming::take_unsaved() {
  if (std::exchange(unsaved_completions_, 0) == 0) return std::nullopt;
  HazardDelta delta = hazard_.delta_since(saved_);
  saved_ = hazard_;
  return delta;
}

double PollTiming::expected_polls(Duration age, Duration until) const {
  return forecast(hazard_, *cadence_, age, until, settings_.min_interval, unannounced()).polls;
}

std::optional<MeanDelay> PollTiming::mean_delay() const {
  if (settings_.cadence != CadenceKind::adaptive) return std::nullopt;
  constexpr double kReached = 1.1;
  const auto expected = forecast(hazard_, *cadence_, Duration(0), settings_.give_up_after,
                                 settings_.min_interval, unannounced());
  MeanDelay delay{aim_.target(), scaled(std::chrono::seconds(1), expected.mean_delay_s())};
  if (hazard_.completions() < limits::kCompletionsToAim) {
    delay.limit = DelayLimit::unknown;
  } else if (delay.target == Duration(0) || delay.expected <= scaled(delay.target, kReached)) {
    delay.limit = DelayLimit::none;
  } else if (price_.now() > scaled(aim_.price(), kReached)) {
    delay.limit = price_.is_bound_by_day() ? DelayLimit::day : DelayLimit::rate;
  } else {
    delay.limit = DelayLimit::min_interval;
  }
  return delay;
}

double PollTiming::chance_done(Duration from, Duration to) const {
  return 1 - std::pow(hazard_.survival(from, to), hints_.unannounced());
}

}  // namespace attestrd
