#include "files/posix_drop.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "io/temporary_folder.h"

namespace attestrd::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class PosixDropTest : public testing::Test {
 protected:
  PosixDropTest() { disk_.open("inbox"); }

  Result<void> drop(const std::string& folder) {
    return drop_file(disk_.path(folder), "name", "DSa\n");
  }

  TemporaryFolder disk_;
};

TEST_F(PosixDropTest, TheFileHasItsNameAndNoOtherIsLeft) {
  ASSERT_TRUE(drop("inbox"));
  EXPECT_THAT(disk_.names_in("inbox"), ElementsAre("name"));
  EXPECT_EQ(disk_.read("inbox/name"), "DSa\n");
}

TEST_F(PosixDropTest, ReplacesNoFile) {
  disk_.write("inbox/name", "theirs");
  EXPECT_EQ(drop("inbox").error().code, Errc::already_exists);
  EXPECT_EQ(disk_.read("inbox/name"), "theirs");
  EXPECT_THAT(disk_.names_in("inbox"), ElementsAre("name"));
}

TEST_F(PosixDropTest, AFolderThatCanNotBeListedIsEnough) {
  ASSERT_EQ(::chmod(disk_.path("inbox").c_str(), 0300), 0);
  ASSERT_TRUE(drop("inbox"));
  ASSERT_EQ(::chmod(disk_.path("inbox").c_str(), 0700), 0);
  EXPECT_EQ(disk_.read("inbox/name"), "DSa\n");
}

TEST_F(PosixDropTest, NamesAFolderThatIsNone) {
  EXPECT_EQ(drop("nothing").error().code, Errc::not_found);
  disk_.write("file", "");
  EXPECT_EQ(drop("file").error().code, Errc::unsafe_file);
  std::filesystem::create_symlink("inbox", disk_.path("link"));
  const auto dropped = drop("link");
  EXPECT_EQ(dropped.error().code, Errc::unsafe_file);
  EXPECT_THAT(dropped.error().message, HasSubstr("/link is a link"));
  EXPECT_THAT(disk_.names_in("inbox"), IsEmpty());
}

}  // namespace
}  // namespace attestrd::test
