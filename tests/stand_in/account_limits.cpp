#include "account_limits.h"

namespace attestrd::simulator {
namespace {

std::int64_t day_in_kolkata(std::chrono::system_clock::time_point wall) {
  const auto local = wall + std::chrono::hours(5) + std::chrono::minutes(30);
  return std::chrono::floor<std::chrono::days>(local).time_since_epoch().count();
}

}  // namespace

AccountLimits::Verdict AccountLimits::admit(Moment now) {
  if (const std::int64_t today = day_in_kolkata(now.wall); today != day_) {
    day_ = today;
    admitted_today_ = 0;
  }
  if (per_day_ > 0 && admitted_today_ >= per_day_) return Verdict::day_spent;
  if (per_second_ > 0) {
    if (last_second_.count(now.steady) >= per_second_) return Verdict::too_fast;
    last_second_.add(now.steady);
  }
  ++admitted_today_;
  return Verdict::admitted;
}

}  // namespace attestrd::simulator
