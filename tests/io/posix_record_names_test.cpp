#include "spool/posix_record_names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "io/temporary_folder.h"

namespace attestrd::test {
namespace {

using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

TEST(PosixRecordNames, ReturnsTheNamesOfRecordsAFewAtATime) {
  TemporaryFolder folder;
  std::set<std::string> expected;
  for (int i = 0; i < 25; ++i) {
    const auto name = "DS" + std::to_string(i) + ".json";
    folder.write(name, "{}");
    expected.insert(name);
  }
  folder.write("notes", "");
  const auto names = *RecordNames::open(folder.path().string());
  std::set<std::string> found;
  while (!names->is_at_end()) {
    const auto some = *names->next(10);
    EXPECT_LE(some.size(), 10U);
    found.insert(some.begin(), some.end());
  }
  EXPECT_EQ(found, expected);
  EXPECT_THAT(*names->next(10), IsEmpty());
}

TEST(PosixRecordNames, LooksAtABoundedNumberOfOtherNames) {
  TemporaryFolder folder;
  for (int i = 0; i < 100; ++i) folder.write("note" + std::to_string(i), "");
  folder.write("DSa.2.json", "{}");
  const auto names = *RecordNames::open(folder.path().string());
  std::set<std::string> found;
  int calls = 0;
  for (; !names->is_at_end(); ++calls)
    for (const auto& name : *names->next(1)) found.insert(name);
  EXPECT_THAT(found, UnorderedElementsAre("DSa.2.json"));
  EXPECT_GE(calls, 10);
}

TEST(PosixRecordNames, OfNoFolderAreAnError) {
  const auto names = RecordNames::open("/nowhere/at/all");
  ASSERT_FALSE(names);
  EXPECT_EQ(names.error().message, "/nowhere/at/all: can't be listed: No such file or directory");
}

}  // namespace
}  // namespace attestrd::test
