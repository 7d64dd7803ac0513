#include "handshake/merge.h"

#include <gtest/gtest.h>

#include "base/limits.h"

namespace attestrd {
namespace {

using namespace std::chrono_literals;

const Wall kSubmitted{1'700'000'000s};
constexpr Duration kGiveUpAfter = 25h;

QueuedHandshake row(std::optional<Wall> expiry = {}, std::string tag = "") {
  return {*HandshakeId::parse("DSa"), std::move(tag), kSubmitted, expiry, {}, 0, 0, {}};
}

Merge merge(const QueuedHandshake& pending, std::optional<Wall> expiry, std::string tag = "") {
  return merge_submission(pending, {pending.id, std::move(tag), expiry}, kGiveUpAfter);
}

TEST(Merge, AnotherTagIsIgnoredAndReported) {
  EXPECT_TRUE(merge(row(), {}, "1").is_tag_ignored) << "a tag given later";
  EXPECT_TRUE(merge(row({}, "1"), {}, "2").is_tag_ignored);
  EXPECT_FALSE(merge(row({}, "1"), {}, "1").is_tag_ignored);
  EXPECT_FALSE(merge(row({}, "1"), {}).is_tag_ignored);
}

TEST(Merge, AnExpiryMovesOnlyToALaterTime) {
  const Wall expiry = kSubmitted + 48h;
  EXPECT_EQ(merge(row(expiry), expiry + 1h).expiry, expiry + 1h);
  EXPECT_EQ(merge(row(expiry), expiry - 1h).expiry, expiry);
  EXPECT_EQ(merge(row(expiry), {}).expiry, expiry);
  EXPECT_FALSE(merge(row(expiry), expiry + 1h).is_expiry_bounded);
}

TEST(Merge, AnExpiryGivenLaterNeverShortensALifeWithoutOne) {
  EXPECT_EQ(merge(row(), kSubmitted + 1h).expiry, std::nullopt);
  EXPECT_EQ(merge(row(), kSubmitted + kGiveUpAfter).expiry, std::nullopt);
  EXPECT_EQ(merge(row(), kSubmitted + kGiveUpAfter + 1s).expiry, kSubmitted + kGiveUpAfter + 1s);
}

TEST(Merge, AnExpiryMovesUpToABoundHoweverOften) {
  const Wall most = kSubmitted + limits::kExpiryMove;
  const auto once = merge(row(kSubmitted + 1h), most + 24h * 3650);
  EXPECT_EQ(once.expiry, most);
  EXPECT_TRUE(once.is_expiry_bounded);
  EXPECT_EQ(merge(row(once.expiry), most + 24h * 3650).expiry, most);
  EXPECT_EQ(merge(row(), most + 1s).expiry, most);
  const Wall first = most + 24h;
  EXPECT_EQ(merge(row(first), first + 1h).expiry, first) << "it was given at first";
}

}  // namespace
}  // namespace attestrd
