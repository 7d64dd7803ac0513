#include "daemon/log/journal.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "daemon/log/exit_code.h"
#include "daemon/log/logging.h"

namespace attestrd {
namespace {

/// Names the descriptor in $JOURNAL_STREAM, as systemd does for a service.
void connect_to_journal(int descriptor) {
  struct stat info {};
  ASSERT_EQ(::fstat(descriptor, &info), 0);
  ::setenv("JOURNAL_STREAM", fmt::format("{}:{}", info.st_dev, info.st_ino).c_str(), 1);
}

class JournalTest : public testing::Test {
 protected:
  ~JournalTest() override { ::unsetenv("JOURNAL_STREAM"); }
};

TEST_F(JournalTest, IsTheStreamThatSystemdNames) {
  EXPECT_FALSE(is_journal(STDOUT_FILENO));
  connect_to_journal(STDOUT_FILENO);
  EXPECT_TRUE(is_journal(STDOUT_FILENO));
  EXPECT_FALSE(is_journal(-1));
  ::setenv("JOURNAL_STREAM", "0:0", 1);
  EXPECT_FALSE(is_journal(STDOUT_FILENO));
}

TEST_F(JournalTest, EachLineHasThePriorityOfItsLevel) {
  EXPECT_EQ(with_priority(Level::error, "a\n"), "<3>a\n");
  EXPECT_EQ(with_priority(Level::warn, "a\nb\n"), "<4>a\n<4>b\n");
  EXPECT_EQ(with_priority(Level::info, "a\n\nb"), "<6>a\n<6>\n<6>b");
  EXPECT_EQ(with_priority(Level::debug, ""), "");
}

TEST_F(JournalTest, TheLinesOfTheLogHavePriorities) {
  testing::internal::CaptureStdout();
  connect_to_journal(STDOUT_FILENO);
  {
    Logger logger(Level::info, LogFormat::text, Descriptor(::dup(STDOUT_FILENO)));
    logger.write(Notice(Event::daemon_stopped, "a"));
    logger.write(Notice(Event::poll_error, "b"));
  }
  const auto log = testing::internal::GetCapturedStdout();
  EXPECT_TRUE(log.starts_with("<6>")) << log;
  EXPECT_NE(log.find("\n<4>"), log.npos) << log;
}

TEST_F(JournalTest, AFatalErrorHasAPriority) {
  testing::internal::CaptureStderr();
  connect_to_journal(STDERR_FILENO);
  EXPECT_EQ(exit_with(fail(Errc::invalid_config, "a\nb")), EX_CONFIG);
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "<3>a\n<3>b\n");
}

}  // namespace
}  // namespace attestrd
