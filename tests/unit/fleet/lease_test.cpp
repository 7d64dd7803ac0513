#include "fleet/lease.h"

#include <gtest/gtest.h>

#include "fleet/fleet_watch.h"

namespace attestrd {
namespace {

using namespace std::chrono_literals;

constexpr Mono kStart{1h};

TEST(LeaseTest, DoesNotHoldBeforeTheFirstBeat) {
  const Lease lease(15s);
  EXPECT_FALSE(lease.holds(kStart));
  EXPECT_EQ(lease.ends_at(), std::nullopt);
}

TEST(LeaseTest, HoldsForNineTenthsOfItsLengthFromWhenTheBeatWasSent) {
  Lease lease(15s);
  lease.renewed(kStart);
  EXPECT_TRUE(lease.holds(kStart + 13'499ms));
  EXPECT_FALSE(lease.holds(kStart + 13'500ms));
}

TEST(LeaseTest, AnAnswerThatComesLateShortensNothing) {
  Lease lease(15s);
  lease.renewed(kStart + 5s);
  lease.renewed(kStart);
  EXPECT_EQ(lease.ends_at(), kStart + 18'500ms);
}

TEST(LeaseTest, ALostLeaseHoldsAgainAfterTheNextBeat) {
  Lease lease(15s);
  lease.renewed(kStart);
  lease.lost();
  EXPECT_FALSE(lease.holds(kStart + 1s));
  lease.renewed(kStart + 2s);
  EXPECT_TRUE(lease.holds(kStart + 3s));
}

TEST(LeaseTest, SurvivesTheLossOfOneBeat) {
  Lease lease(15s);
  lease.renewed(kStart);
  EXPECT_TRUE(lease.holds(kStart + 2 * lease.beat_interval() + 3s));
}

}  // namespace
}  // namespace attestrd
