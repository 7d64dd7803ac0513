#include "spool/backup_mark.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "contract/memory_files.h"

namespace attestrd::test {
namespace {

using ::testing::ElementsAre;

class BackupMarkTest : public ::testing::Test {
 protected:
  std::vector<std::string> names() { return *root_.list(); }

  Faults faults_;
  MemoryFolder folder_{faults_};
  MemoryDirectory root_{folder_};
};

TEST_F(BackupMarkTest, NumbersGrowAndTheLastOneStays) {
  EXPECT_EQ(*last_backup_mark(root_), 0U);
  EXPECT_EQ(*make_backup_mark(root_), 1U);
  EXPECT_EQ(*make_backup_mark(root_), 2U);
  EXPECT_THAT(names(), ElementsAre(".backup-2"));
  EXPECT_TRUE(folder_.synced.contains(".backup-2"));
  EXPECT_EQ(*last_backup_mark(root_), 2U);
}

TEST_F(BackupMarkTest, NumbersAreNotComparedAsText) {
  folder_.names[".backup-9"] = "";
  folder_.names[".backup-10"] = "";
  EXPECT_EQ(*last_backup_mark(root_), 10U);
  EXPECT_EQ(*make_backup_mark(root_), 11U);
  EXPECT_THAT(names(), ElementsAre(".backup-11"));
}

TEST_F(BackupMarkTest, OtherNamesAreLeftAlone) {
  for (const auto* const name : {".backup", ".backup-", ".backup-x", ".backup-1x", "backup-7",
                                 ".backup-99999999999999999999"})
    folder_.names[name] = "";
  EXPECT_EQ(*last_backup_mark(root_), 0U);
  EXPECT_EQ(*make_backup_mark(root_), 1U);
  EXPECT_EQ(names().size(), 7U);
}

TEST_F(BackupMarkTest, FailuresAreReported) {
  folder_.is_broken = true;
  EXPECT_FALSE(last_backup_mark(root_));
  EXPECT_FALSE(make_backup_mark(root_));
  folder_.is_broken = false;
  folder_.is_full = true;
  EXPECT_FALSE(make_backup_mark(root_));
}

}  // namespace
}  // namespace attestrd::test
