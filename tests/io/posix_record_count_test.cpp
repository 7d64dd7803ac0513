#include "spool/posix_record_count.h"

#include <gtest/gtest.h>

#include "io/temporary_folder.h"

namespace attestrd::test {
namespace {

TEST(PosixRecordCount, CountsRecordsUpToTheBound) {
  TemporaryFolder folder;
  for (const auto* name : {"a.json", "b.2.json", "c.json", "c.json.tmp", "notes"})
    folder.write(name, "{}");
  EXPECT_EQ(*count_records(folder.path().string(), 100), 3U);
  EXPECT_EQ(*count_records(folder.path().string(), 2), 2U);
}

TEST(PosixRecordCount, OfNoFolderIsAnError) {
  TemporaryFolder folder;
  const auto count = count_records(folder.path("none").string(), 100);
  ASSERT_TRUE(count.has_error());
  EXPECT_NE(count.error().message.find("/none: can't be listed: No such file"), std::string::npos);
}

}  // namespace
}  // namespace attestrd::test
