#include "schedule/delay_aim.h"

#include <algorithm>
#include <cmath>

#include "base/limits.h"

namespace attestrd {
namespace {

double seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

// A step changes the price by this factor at most, since the proportion holds only nearby.
constexpr double kLargestStep = 16;

}  // namespace

void DelayAim::set(Duration target) {
  target_ = target;
  price_ = limits::kLeastPollPrice;
}

void DelayAim::improve(const Hazard& hazard, Duration until, GapBounds bounds) {
  if (target_ == Duration(0)) return;
  is_learnt_ = hazard.completions() >= limits::kCompletionsToAim;
  const double delay_s = forecast(hazard, price_, Duration(0), until, bounds).mean_delay_s();
  if (delay_s <= 0) return;
  const double ratio = seconds(target_) / delay_s;
  const double price_us = static_cast<double>(price_.count()) *
                          std::clamp(ratio * ratio, 1 / kLargestStep, kLargestStep);
  price_ = std::clamp(Duration(static_cast<Duration::rep>(price_us)), limits::kLeastAimedPrice,
                      limits::kMostPollPrice);
}

/// While too little is learnt, a target makes polls more frequent only: the first results show how
/// soon results come.
Duration DelayAim::price() const {
  if (target_ == Duration(0)) return limits::kLeastPollPrice;
  return is_learnt_ ? price_ : std::min(price_, limits::kLeastPollPrice);
}

}  // namespace attestrd
