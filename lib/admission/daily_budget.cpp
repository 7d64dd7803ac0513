#include "admission/daily_budget.h"

#include <algorithm>

namespace attestrd {
namespace {

using namespace std::chrono_literals;

// The rest is spread over at least an hour; otherwise the last minutes of a day would spend it all.
constexpr Duration kShortestRest = 1h;
// A clock that is set back by less may show the time before midnight again: no new day begins.
constexpr Duration kSmallStepBack = 1h;
// A wait may reach into the next day, which has more requests: at least this share of an even pace
// is always allowed.
constexpr double kLeastShareOfEven = 0.25;

double seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

}  // namespace

void DailyBudget::set_limit(std::uint64_t requests) {
  if (requests == limit_) return;
  limit_ = requests;
  is_spent_ = false;
  see_whether_spent();
}

void DailyBudget::recall(const DayRequests& spent) {
  day_ = spent.day;
  spent_ = reserved_ = spent.requests;
  see_whether_spent();
}

void DailyBudget::advance_to(Wall now) {
  const AccountDay today = account_day_of(now);
  const bool is_far_ahead = day_ > account_day_of(now + kSmallStepBack);
  if (today <= day_ && !is_far_ahead) return;
  day_ = today;
  is_reserving_ = false;  // The reservation under way is for another day.
  reserved_ = 0;
  if (is_far_ahead) return;  // The spent requests still count, and are reserved again for today.
  spent_ = last_polls_ = 0;
  is_spent_ = false;
}

std::uint64_t DailyBudget::kept() const { return std::min(last_polls_, limit_ / 2); }

void DailyBudget::see_whether_spent() {
  if (is_limited() && spent_ + kept() >= limit_) is_spent_ = true;
}

void DailyBudget::spend(bool is_last_poll) {
  ++spent_;
  if (is_last_poll && last_polls_ > 0) --last_polls_;
  see_whether_spent();
}

std::optional<DayRequests> DailyBudget::next_reservation() {
  const std::uint64_t total = std::max(spent_, std::min(spent_ + step(), limit_));
  const bool is_enough = total <= reserved_ || reserved_ > spent_ + step() / 2;
  if (!is_limited() || is_reserving_ || is_enough) return std::nullopt;
  is_reserving_ = true;
  return DayRequests{day_, total - reserved_};
}

void DailyBudget::reserved(const Reservation& answer, std::uint64_t last_polls) {
  if (answer.day != day_) return;  // The day has turned meanwhile.
  is_reserving_ = false;
  reserved_ += answer.granted;
  if (answer.granted < answer.wanted) {
    const std::uint64_t others = limit_ > reserved_ ? limit_ - reserved_ : 0;
    spent_ += others;
    reserved_ = std::max(reserved_ + others, spent_);
  }
  last_polls_ = last_polls;
  see_whether_spent();
}

std::optional<DayRequests> DailyBudget::give_back() {
  if (!is_limited() || reserved_ <= spent_) return std::nullopt;
  const DayRequests unspent{day_, reserved_ - spent_};
  reserved_ = spent_;
  return unspent;
}

double DailyBudget::rate(Wall now) const {
  const std::uint64_t taken = std::min(limit_, spent_ + kept());
  const double rest = seconds(std::max(until_next_account_day(now), kShortestRest));
  const double even = static_cast<double>(limit_) / seconds(24h);
  return std::max(static_cast<double>(limit_ - taken) / rest, even * kLeastShareOfEven);
}

}  // namespace attestrd
