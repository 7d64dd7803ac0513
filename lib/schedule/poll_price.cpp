#include "schedule/poll_price.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/check.h"
#include "base/limits.h"

namespace attestrd {
namespace {

// The share of the rate that the cadence uses; the rest is for first and last polls, errors and
// chance.
constexpr double kShareOfRate = 0.9;
// The part of this share that handshakes at the longest gap may use.
constexpr double kShareOfLongest = 0.5;

constexpr double kLoadUnits = 1e6;  // Units per sqrt(s) per s.
constexpr PollPrice::Load kAtLongest = std::numeric_limits<PollPrice::Load>::max();
constexpr PollPrice::Load kAtStretched = kAtLongest - 1;

double seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

}  // namespace

/// Returns the requests per second of these handshakes.
double PollPrice::AtLongest::rate() const {
  return count == 0 ? 0 : static_cast<double>(count) / seconds(gap);
}

double PollPrice::rate() const {
  if (rate_ == 0 || daily_rate_ == 0) return std::max(rate_, daily_rate_);
  return std::min(rate_, daily_rate_);
}

Duration PollPrice::longest(Duration wished) const {
  if (daily_rate_ == 0 || wished >= limits::kLongestForBudget) return wished;
  const double fitting_s =
      static_cast<double>(at_longest_.count) / (daily_rate_ * kShareOfRate * kShareOfLongest);
  if (fitting_s >= seconds(limits::kLongestForBudget)) return limits::kLongestForBudget;
  return std::max(wished, Duration(static_cast<Duration::rep>(fitting_s * 1e6)));
}

Duration PollPrice::now() const {
  if (fixed_ > Duration(0)) return fixed_;
  if (rate() == 0) return least_;
  const double rest = rate() * kShareOfRate - at_longest_.rate() - at_stretched_.rate();
  const double load = static_cast<double>(load_) / kLoadUnits;
  if (load >= rest * std::sqrt(seconds(limits::kMostPollPrice))) return limits::kMostPollPrice;
  const double price_s = load / rest * (load / rest);
  return std::max(least_, Duration(static_cast<Duration::rep>(price_s * 1e6)));
}

PollPrice::Load PollPrice::add(Duration gap, Duration longest, bool is_stretched) {
  if (gap >= longest) {
    AtLongest& others = is_stretched ? at_stretched_ : at_longest_;
    others.gap = longest;
    ++others.count;
    return is_stretched ? kAtStretched : kAtLongest;
  }
  const double load = std::sqrt(seconds(now())) / seconds(std::max(gap, Duration(1))) * kLoadUnits;
  const auto whole = static_cast<Load>(std::clamp(load, 1.0, double{kAtStretched - 1}));
  load_ += whole;
  return whole;
}

void PollPrice::remove(Load load) {
  if (load >= kAtStretched) {
    AtLongest& others = load == kAtLongest ? at_longest_ : at_stretched_;
    ATTESTRD_CHECK(others.count > 0);
    --others.count;
    return;
  }
  ATTESTRD_CHECK(load_ >= load);
  load_ -= load;
}

}  // namespace attestrd
