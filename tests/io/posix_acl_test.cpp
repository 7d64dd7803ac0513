#include "files/posix_acl.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

namespace attestrd {
namespace {

constexpr std::uint32_t kGroup = 61097;  // No account of the machine has it.

/// Returns whether a process of this user and group can read the file.
bool can_read(const std::string& path, std::uint32_t user, std::uint32_t group) {
  const std::string command = "setpriv --reuid " + std::to_string(user) + " --regid " +
                              std::to_string(group) + " --clear-groups cat " + path +
                              " >/dev/null 2>&1";
  return std::system(command.c_str()) == 0;
}

class PosixAclTest : public testing::Test {
 protected:
  PosixAclTest() : file_(::mkstemp(path_.data())) { ::fchmod(file_, 0640); }
  ~PosixAclTest() override {
    ::close(file_);
    ::unlink(path_.c_str());
  }

  std::string path_ = "/tmp/attestrd.acl.XXXXXX";
  int file_;
};

TEST_F(PosixAclTest, TheModeStaysAndOthersMayNothing) {
  ASSERT_TRUE(let_group_read(file_, kGroup));
  struct stat info;
  ASSERT_EQ(::fstat(file_, &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0640U);
  EXPECT_NE(info.st_gid, kGroup);
}

TEST_F(PosixAclTest, TheGroupMayReadAndNoOther) {
  if (::geteuid() != 0) return;  // Only root can act as other users.
  EXPECT_FALSE(can_read(path_, 61011, kGroup));
  ASSERT_TRUE(let_group_read(file_, kGroup));
  EXPECT_TRUE(can_read(path_, 61011, kGroup));
  EXPECT_FALSE(can_read(path_, 61011, kGroup + 1));
}

TEST_F(PosixAclTest, AFileSystemWithoutAclsIsReported) {
  const int pipe = ::open("/proc/self/status", O_RDONLY | O_CLOEXEC);
  EXPECT_FALSE(let_group_read(pipe, kGroup));
  ::close(pipe);
}

}  // namespace
}  // namespace attestrd
