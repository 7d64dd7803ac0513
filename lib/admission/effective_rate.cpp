#include "admission/effective_rate.h"

#include <algorithm>

#include "base/limits.h"

namespace attestrd {
namespace {

constexpr Duration kSecond = std::chrono::seconds(1);
// A refusal lowers the rate to the share of polls that were not refused, within these bounds.
constexpr double kLeastShare = 0.5;
constexpr double kMostShare = 0.9;
// The time until the refused rate is tried again, also in proportion to Retry-After, which then
// costs at most a thirtieth of it.
constexpr double kLeastPeriodS = 20;
constexpr double kPeriodPerRetryAfter = 30;
constexpr double kMostPeriodS = 600;
// One period after the refused rate was reached, the rate is higher by this share of it.
constexpr double kGrowthAbove = 0.1;
// One good answer raises the rate at most by this factor.
constexpr double kMostGrowth = 1.5;
// Each further refusal in a row lowers the rate that is tried again by this factor.
constexpr double kInARow = 0.9;
// Without a configured limit, a rate from here on counts as none.
constexpr double kUnlimited = 2000;

double seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

}  // namespace

double EffectiveRate::most() const { return configured_ == 0 ? kUnlimited : configured_; }

double EffectiveRate::floor() const { return std::min(limits::kLeastRate, most()); }

void EffectiveRate::set_configured(double requests_per_second) {
  if (requests_per_second == configured_) return;
  configured_ = requests_per_second;
  is_lowered_ = false;
}

void EffectiveRate::poll_ended() {
  is_before_ = is_lowered_ && polls_before_ > 0;
  if (is_before_) --polls_before_;
}

double EffectiveRate::grown() const {
  const double periods = used_s_ / period_s_ - 1;
  const double depth = periods < 0 ? refused_ - least_ : refused_ * kGrowthAbove;
  return refused_ + depth * periods * periods * periods;
}

void EffectiveRate::begin_second(Mono now) {
  if (second_began_ != Mono::min() && now - second_began_ < kSecond) return;
  const bool is_next = second_began_ != Mono::min() && now - second_began_ < 2 * kSecond;
  last_second_ = is_next ? this_second_ : 0;
  this_second_ = 0;
  second_began_ = now;
}

void EffectiveRate::good(Mono now) {
  begin_second(now);
  ++this_second_;
  if (!is_lowered_ || is_before_) return;
  ++good_;
  used_s_ += 1 / rate_;
  rate_ = std::clamp(grown(), rate_, rate_ * kMostGrowth);
  is_lowered_ = rate_ < most();
}

/// Returns the good answers in the second before `now`.
double EffectiveRate::recent(Mono now) {
  begin_second(now);
  return this_second_ + last_second_ * (1 - seconds(now - second_began_));
}

bool EffectiveRate::refused(Mono now, std::optional<Duration> retry_after,
                            std::size_t others_in_flight) {
  if (is_before_) return true;
  const double rate = is_lowered_ ? rate_ : most();
  if (rate == floor()) return false;
  const double share = is_lowered_ ? good_ / (good_ + 1.0) : kMostShare;
  least_ = rate * std::clamp(share, kLeastShare, kMostShare);
  if (is_lowered_ && good_ == 0) {
    // The server refuses everything, or counts over a longer time.
    refused_ *= kInARow;
  } else {
    refused_ = rate;
    // A server that counts by the second shows its limit at once.
    const double allowed = recent(now);
    if (allowed > 0) least_ = std::min(least_, std::max(allowed, 1.0));
  }
  is_lowered_ = true;
  rate_ = least_ = std::max(least_, floor());
  refused_ = std::max(refused_, rate_);
  period_s_ = std::clamp(seconds(retry_after.value_or(Duration(0))) * kPeriodPerRetryAfter,
                         kLeastPeriodS, kMostPeriodS);
  used_s_ = 0;
  good_ = 0;
  polls_before_ = others_in_flight;
  return true;
}

}  // namespace attestrd
