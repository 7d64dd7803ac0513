#include "queue/postgres/loss/remembered_rows.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace attestrd {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;

SharedRow row_of(std::string_view id, RowState state, std::uint32_t attempt = 0) {
  const auto handshake = *HandshakeId::parse(id);
  SharedRow row{{handshake, "tag", Wall(5s), {}, {}, 0, 1, {}}, state, 3};
  row.handshake.attempt = attempt;
  if (state != RowState::polling)
    row.ending = StagedHandshake{handshake, Outcome::completed, Reason::none, Wall(9s), {}};
  row.is_in_our_spool = state == RowState::staged;
  row.revision = 8;
  return row;
}

std::vector<std::string> ids_of(const RememberedRows& rows) {
  std::vector<std::string> ids;
  for (const auto& row : rows.rows()) ids.emplace_back(row.handshake.id.view());
  return ids;
}

TEST(RememberedRows, KeepTheLastStateOfEachRow) {
  RememberedRows rows;
  rows.note(row_of("b", RowState::polling), 1s);
  rows.note(row_of("a", RowState::polling), 2s);
  rows.note(row_of("b", RowState::staged), 3s);
  EXPECT_THAT(ids_of(rows), ElementsAre("a", "b"));
  EXPECT_EQ(rows.rows().at(1).state, RowState::staged);
  EXPECT_EQ(rows.running(), 3s);
}

TEST(RememberedRows, AreForgottenAfterTenMinutes) {
  RememberedRows rows;
  rows.note(row_of("a", RowState::polling), 1s);
  rows.note(row_of("b", RowState::polling), 2s);
  rows.note(row_of("a", RowState::staged), 3s);
  rows.note(row_of("c", RowState::polling), 2s + limits::kRememberedFor);
  EXPECT_THAT(ids_of(rows), ElementsAre("a", "b", "c"));
  rows.note(row_of("d", RowState::polling), 3s + limits::kRememberedFor);
  EXPECT_THAT(ids_of(rows), ElementsAre("a", "c", "d"));
  EXPECT_EQ(rows.missing(), 0U);
}

TEST(RememberedRows, AreBoundedAndTellWhatIsMissing) {
  RememberedRows rows(2);
  for (const auto* const id : {"a", "b", "c", "d"}) rows.note(row_of(id, RowState::polling), 1s);
  EXPECT_THAT(ids_of(rows), ElementsAre("c", "d"));
  EXPECT_EQ(rows.missing(), 2U);
  rows.note(row_of("c", RowState::done), 2s);
  EXPECT_THAT(ids_of(rows), ElementsAre("c", "d"));
  EXPECT_EQ(rows.missing(), 2U);
  rows.note(row_of("d", RowState::done), 2s + limits::kRememberedFor);
  EXPECT_EQ(rows.missing(), 0U) << "their time is over";
}

TEST(RestoredRow, TakesThePlaceOfAnOlderState) {
  const auto found = row_of("a", RowState::polling);
  for (const auto state : {RowState::staged, RowState::done}) {
    auto remembered = row_of("a", state);
    remembered.revision = 20;
    remembered.shelf = 4;
    const auto row = restored(remembered, found, false);
    ASSERT_TRUE(row);
    EXPECT_EQ(row->state, state);
    EXPECT_EQ(row->revision, found.revision);
    EXPECT_EQ(row->shelf, found.shelf);
    EXPECT_TRUE(row->is_changed);
    EXPECT_TRUE(row->is_in_our_spool);
    EXPECT_FALSE(row->is_taken_up);
    EXPECT_EQ(row->is_buried, state == RowState::done);
  }
  EXPECT_TRUE(restored(row_of("a", RowState::done), row_of("a", RowState::staged), false));
}

TEST(RestoredRow, IsWrittenInFullIfTheDatabaseHadNone) {
  const auto row = restored(row_of("a", RowState::polling), row_of("a", RowState::polling), true);
  ASSERT_TRUE(row);
  EXPECT_TRUE(row->is_taken_up) << "with the time of its submission";
  EXPECT_TRUE(row->is_unclaimed);
}

TEST(RestoredRow, LeavesWhatIsAsFarOrBelongsToOthers) {
  const auto polling = row_of("a", RowState::polling);
  const auto staged = row_of("a", RowState::staged);
  const auto done = row_of("a", RowState::done);
  EXPECT_FALSE(restored(polling, polling, false)) << "another node may own it";
  EXPECT_FALSE(restored(staged, staged, false));
  EXPECT_FALSE(restored(staged, done, false));
  EXPECT_FALSE(restored(done, done, false));
  auto elsewhere = staged;
  elsewhere.is_in_our_spool = false;
  EXPECT_FALSE(restored(done, elsewhere, false)) << "the spool of that node decides";
  EXPECT_TRUE(restored(polling, staged, false)) << "its record could not be published";
  auto other = staged;
  other.ending->record.length_bytes = 7;
  EXPECT_TRUE(restored(staged, other, false));
}

TEST(RestoredRow, OfALaterAttemptIsNewer) {
  EXPECT_TRUE(
      restored(row_of("a", RowState::polling, 1), row_of("a", RowState::done), false)->is_taken_up);
  EXPECT_FALSE(restored(row_of("a", RowState::done), row_of("a", RowState::polling, 1), false));
}

}  // namespace
}  // namespace attestrd
