#include "base/account_day.h"

#include <gtest/gtest.h>

namespace attestrd {
namespace {

using namespace std::chrono_literals;
using std::chrono::sys_days;
using std::chrono::year;

TEST(AccountDay, ChangesAtMidnightInKolkata) {
  const Wall midnight = sys_days(year(2026) / 11 / 23) + 18h + 30min;
  EXPECT_EQ(account_day_of(midnight), account_day_of(midnight - Duration(1)) + 1);
  EXPECT_EQ(account_day_of(midnight), account_day_of(midnight + 24h - Duration(1)));
  EXPECT_EQ(account_day_of(midnight), sys_days(year(2026) / 11 / 24).time_since_epoch().count());
}

TEST(AccountDay, EndsAtTheNextMidnight) {
  const Wall midnight = sys_days(year(2026) / 11 / 23) + 18h + 30min;
  EXPECT_EQ(until_next_account_day(midnight - Duration(1)), Duration(1));
  EXPECT_EQ(until_next_account_day(midnight), 24h);
  EXPECT_EQ(until_next_account_day(midnight + 5h), 19h);
}

TEST(AccountDay, AcceptsTimesBefore1970) {
  EXPECT_EQ(account_day_of(Wall(Duration(0)) - 6h), -1);
  EXPECT_EQ(until_next_account_day(Wall(Duration(0)) - 6h), 30min);
}

}  // namespace
}  // namespace attestrd
