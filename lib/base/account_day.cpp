#include "base/account_day.h"

namespace attestrd {
namespace {

using namespace std::chrono_literals;

Wall in_kolkata(Wall time) { return time + 5h + 30min; }

}  // namespace

AccountDay account_day_of(Wall time) {
  return std::chrono::floor<std::chrono::days>(in_kolkata(time)).time_since_epoch().count();
}

Duration until_next_account_day(Wall now) {
  const Wall local = in_kolkata(now);
  return std::chrono::floor<std::chrono::days>(local) + 24h - local;
}

}  // namespace attestrd
