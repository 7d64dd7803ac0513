#include "ledger/round.h"

#include <gtest/gtest.h>

#include <chrono>

#include "base/check.h"
#include "base/limits.h"

namespace attestrd::test {
namespace {

RoundRequest with(auto change) {
  RoundRequest request;
  change(request);
  return request;
}

RoundRequest reserving(DayRequests requests) {
  return with([&](RoundRequest& request) { request.reserve = requests; });
}

TEST(RoundRequest, IsEmptyUntilSomethingWaits) {
  EXPECT_TRUE(RoundRequest().is_empty());
  const auto id = *HandshakeId::parse("DSa");
  const RoundRequest all[] = {
      with([](RoundRequest& request) { request.scan_inbox.emplace(); }),
      with([](RoundRequest& request) { request.purge_older_than = std::chrono::hours(1); }),
      with([&](RoundRequest& request) {
        request.finishes.push_back({id, Outcome::failed, {}, 0, {}, {}, {}, "", "", ""});
      }),
      with([&](RoundRequest& request) {
        request.progress.push_back({id, 1, {}});
      }),
      with([](RoundRequest& request) { request.learnt = HazardDelta(); }),
      reserving({1, 0}),
      with([](RoundRequest& request) {
        request.give_back = DayRequests{1, 0};
      })};
  for (const auto& request : all) {
    EXPECT_FALSE(request.is_empty());
    RoundRequest joined;
    joined.join(request);
    EXPECT_FALSE(joined.is_empty());
  }
}

TEST(RoundRequest, JoinAppendsLaterProgress) {
  const auto progress = [](std::uint32_t polls) {
    return with([polls](RoundRequest& request) {
      request.progress.push_back({*HandshakeId::parse("DSa"), polls, {}});
    });
  };
  auto request = progress(1);
  request.join(progress(2));
  request.join(RoundRequest());
  ASSERT_EQ(request.progress.size(), 2U);
  EXPECT_EQ(request.progress[1].polls, 2U);
}

TEST(RoundRequest, ScansOfTheInboxAreJoined) {
  const auto scan_of = [](bool is_full, std::size_t events) {
    return with([&](RoundRequest& request) {
      request.scan_inbox = ScanRequest{is_full, {}};
      request.scan_inbox->events.resize(events);
    });
  };
  auto request = RoundRequest();
  request.join(scan_of(false, 2));
  request.join(scan_of(true, 1));
  EXPECT_TRUE(request.scan_inbox->is_full);
  EXPECT_EQ(request.scan_inbox->events.size(), 3U);

  request = scan_of(false, 1);
  request.join(scan_of(false, limits::kInboxEvents));
  EXPECT_TRUE(request.scan_inbox->is_full) << "too many events: a full scan finds the files";
  EXPECT_EQ(request.scan_inbox->events.size(), 1U);
}

TEST(RoundRequest, RequestsOfOneDayAddUpAndANewDayBeginsAnew) {
  auto request = reserving({1, 10});
  request.join(reserving({1, 5}));
  EXPECT_EQ(request.reserve, (DayRequests{1, 15}));
  request.join(reserving({2, 7}));
  EXPECT_EQ(request.reserve, (DayRequests{2, 7}));
}

TEST(RoundRequest, LearntDeltasAddUp) {
  const auto learnt = [] {
    Hazard current;
    current.saw_done(std::chrono::seconds(10), std::chrono::seconds(20));
    return with([&](RoundRequest& request) { request.learnt = current.delta_since(Hazard()); });
  };
  auto request = learnt();
  request.join(learnt());
  Hazard all;
  all.merge(*request.learnt);
  EXPECT_NEAR(all.completions(), 2, 0.01);
}

}  // namespace
}  // namespace attestrd::test
