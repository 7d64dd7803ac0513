#include "fleet/queue_loss.h"

#include <gtest/gtest.h>

namespace attestrd {
namespace {

TEST(LossWatch, SaysALossOnceWhicheverNoticesItFirst) {
  for (const bool beat_is_first : {true, false}) {
    LossWatch watch;
    EXPECT_FALSE(watch.observe({}).is_found);
    const QueueLoss by_beat{.is_behind = true};
    const QueueLoss by_queue{.found = 1};
    EXPECT_TRUE(watch.observe(beat_is_first ? by_beat : by_queue).is_found);
    EXPECT_TRUE(watch.is_open());
    EXPECT_FALSE(watch.observe({.is_behind = !beat_is_first, .found = 1}).is_found);
    for (int i = 0; i < 10; ++i) watch.observe({.found = 1});
    EXPECT_TRUE(watch.is_open()) << "the queue still writes";
    const auto news = watch.observe({.found = 1, .repaired = 1, .rows = 7, .missing = 3});
    EXPECT_FALSE(news.is_found);
    EXPECT_EQ(news.repaired, (LossWatch::Repaired{7, 3}));
    EXPECT_FALSE(watch.is_open());
    EXPECT_FALSE(watch.observe({.found = 1, .repaired = 1, .rows = 7}).repaired);
  }
}

TEST(LossWatch, SaysALossThatIsRepairedBeforeABeatSawIt) {
  LossWatch watch;
  watch.observe({.found = 1, .repaired = 1, .rows = 5});
  const auto news = watch.observe({.found = 2, .repaired = 2, .rows = 6});
  EXPECT_TRUE(news.is_found);
  EXPECT_EQ(news.repaired, (LossWatch::Repaired{1, 0}));
}

TEST(LossWatch, ALossOfBeatsAloneIsSoonOver) {
  LossWatch watch;
  EXPECT_TRUE(watch.observe({.is_behind = true}).is_found);
  watch.observe({});
  EXPECT_TRUE(watch.is_open());
  watch.observe({});
  EXPECT_FALSE(watch.is_open());
  EXPECT_TRUE(watch.observe({.is_behind = true}).is_found) << "another one";
}

}  // namespace
}  // namespace attestrd
