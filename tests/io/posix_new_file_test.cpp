#include "files/posix_new_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <optional>

#include "io/temporary_folder.h"

namespace attestrd::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class NewFileTest : public ::testing::Test {
 protected:
  NewFileTest() { disk_.open("folder"); }

  std::string path() const { return disk_.path("folder/new").string(); }
  std::vector<std::string> names() const { return disk_.names_in("folder"); }

  TemporaryFolder disk_;
};

TEST_F(NewFileTest, AppearsCompleteAndPrivate) {
  auto file = NewFile::create(path());
  ASSERT_TRUE(file) << file.error().message;
  ASSERT_TRUE(file->write("one, "));
  EXPECT_THAT(names(), ElementsAre("new.tmp"));
  ASSERT_TRUE(file->write("two"));
  ASSERT_TRUE(file->commit());
  EXPECT_THAT(names(), ElementsAre("new"));
  EXPECT_EQ(disk_.read("folder/new"), "one, two");
  struct stat info {};
  ASSERT_EQ(::stat(path().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0600U);
}

TEST_F(NewFileTest, ReplacesNoFile) {
  disk_.write("folder/new", "theirs");
  EXPECT_EQ(NewFile::create(path()).error().code, Errc::already_exists);
  std::filesystem::remove(path());
  auto file = NewFile::create(path());
  ASSERT_TRUE(file);
  disk_.write("folder/new", "came meanwhile");
  EXPECT_EQ(file->commit().error().code, Errc::already_exists);
  EXPECT_EQ(disk_.read("folder/new"), "came meanwhile");
}

TEST_F(NewFileTest, NothingIsLeftWithoutACommit) {
  ASSERT_TRUE(NewFile::create(path())->write("half"));
  EXPECT_THAT(names(), IsEmpty());
}

TEST_F(NewFileTest, AFileOfAKilledWriterIsOverwrittenOneOfALivingIsNot) {
  disk_.write("folder/new.tmp", "left by a longer one");
  {
    auto file = NewFile::create(path());
    ASSERT_TRUE(file);
    EXPECT_EQ(NewFile::create(path()).error().code, Errc::already_exists);
    ASSERT_TRUE(file->write("short"));
    ASSERT_TRUE(file->commit());
  }
  EXPECT_EQ(disk_.read("folder/new"), "short");
}

TEST_F(NewFileTest, FollowsNoLinkAndLeavesFoldersAlone) {
  disk_.write("target", "theirs");
  std::filesystem::create_symlink(disk_.path("target"), path() + ".tmp");
  EXPECT_FALSE(NewFile::create(path()));
  EXPECT_EQ(disk_.read("target"), "theirs");
  std::filesystem::remove(path() + ".tmp");
  std::filesystem::create_directory(path() + ".tmp");
  EXPECT_FALSE(NewFile::create(path()));
  EXPECT_EQ(NewFile::create(disk_.path("absent/new").string()).error().code, Errc::not_found);
}

}  // namespace
}  // namespace attestrd::test
