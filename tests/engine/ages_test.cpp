#include "engine/dialogue.h"

namespace attestrd::dialogue {
namespace {

class Ages : public Dialogue {
 protected:
  AgesPage page(std::uint32_t from = 0) { return std::get<AgesPage>(ask(AgesCommand{from})); }

  AgeTable::Row row_of(Duration age) { return page().table.rows.at(AgeTable::bucket_of(age)); }
};

TEST_F(Ages, ABucketIncludesItsUpperBound) {
  EXPECT_EQ(AgeTable::bucket_of(-1s), 0U);
  EXPECT_EQ(AgeTable::bucket_of(0s), 0U);
  EXPECT_EQ(AgeTable::bucket_of(1min), 0U);
  EXPECT_EQ(AgeTable::bucket_of(1min + 1us), 1U);
  EXPECT_EQ(AgeTable::bucket_of(7 * 24h), AgeTable::kBuckets - 2);
  EXPECT_EQ(AgeTable::bucket_of(8 * 24h), AgeTable::kBuckets - 1);
}

TEST_F(Ages, CountByAgeAndByTheTimeOfTheNextPoll) {
  settings.min_interval = 5min;
  settings.max_interval = 5min;
  given_queued("old", 3h);
  given_queued("old-too", 4h);
  given_new("new");
  advance(1min);
  attestr_says_pending("old");
  const auto old = row_of(3h);
  EXPECT_EQ(old.total(), 2U);
  EXPECT_EQ(old.polling, 1U);
  EXPECT_EQ(old.due.at(AgeTable::bucket_of(5min)), 1U);
  EXPECT_EQ(row_of(1min).total(), 1U);
  EXPECT_EQ(row_of(1min).polling, 1U);
  EXPECT_EQ(row_of(8 * 24h).total(), 0U);
}

TEST_F(Ages, CountThoseThatMayBePolledNowAndThoseThatAreHeld) {
  settings.connections = 1;
  given_new("polling");
  given_new("due");
  EXPECT_EQ(row_of(0s).now, 1U);
  attestr_says_completed("polling");
  EXPECT_EQ(row_of(0s).total(), 1U) << "one that has ended is not pending";
  attestr_says_pending("due");
  step(DiskFull{});
  EXPECT_EQ(row_of(0s).held, 1U);
}

TEST_F(Ages, APageIsBoundedInTheHandshakesThatItLooksAt) {
  settings.connections = 1;
  const auto count = AgesCommand::kSlotsPerPage + 2;
  for (std::size_t i = 0; i < count; ++i) given_new("h" + std::to_string(i));
  const auto first = page();
  EXPECT_EQ(first.next, AgesCommand::kSlotsPerPage);
  const auto last = page(*first.next);
  EXPECT_FALSE(last.next);
  AgeTable all = first.table;
  all += last.table;
  EXPECT_EQ(all.rows.at(0).total(), count);
  EXPECT_EQ(last.table.rows.at(0).total(), 2U);
}

}  // namespace
}  // namespace attestrd::dialogue
