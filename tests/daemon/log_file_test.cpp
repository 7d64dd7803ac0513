#include "daemon/log/log_file.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <thread>

#include "daemon/log/logging.h"
#include "temporary_folder.h"

namespace attestrd {
namespace {

TEST(LogFile, IsAppendedToAndCreatedForItsGroupToRead) {
  TemporaryFolder folder;
  const auto file = folder.path() / "log";
  for (int i = 0; i < 2; ++i) {
    const auto log = open_log(file);
    ASSERT_TRUE(log);
    ASSERT_EQ(::write(log->get(), "line\n", 5), 5);
  }
  EXPECT_EQ(TemporaryFolder::read(folder.path() / "log"), "line\nline\n");
  struct stat info {};
  ASSERT_EQ(::stat(file.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0137, 0U) << "whatever the umask, others have no access";
}

TEST(LogFile, AMissingFolderAndAFifoWithoutAReaderAreErrorsThatNameTheSetting) {
  TemporaryFolder folder;
  EXPECT_EQ(open_log("/no/such/folder/log").error().message,
            "/no/such/folder/log: can't be opened: No such file or directory (log.file)");
  const auto fifo = folder.path() / "fifo";
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  EXPECT_FALSE(open_log(fifo));
}

TEST(LogFile, LinesThatAFullDiskDropsAreCountedAndNoLineIsJoinedToAnother) {
  TemporaryFolder folder;
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  {
    Logger logger(Level::info, LogFormat::json, *open_log(folder.path() / "log"));
    const auto write = [&logger](const char* message) {
      logger.write(Notice(Event::daemon_stopped, message));
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    };
    rlimit limit = before;
    limit.rlim_cur = 20;  // The first line is cut there.
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &limit), 0);
    write("one");
    write("two");
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
    write("three");
    EXPECT_GE(logger.dropped(), 2U);
  }
  const auto log = TemporaryFolder::read(folder.path() / "log");
  EXPECT_EQ(log.find("two"), log.npos);
  EXPECT_NE(log.find("\n{\"time\""), log.npos) << log;
  EXPECT_NE(log.find("\"event\":\"log.dropped\""), log.npos) << log;
  EXPECT_NE(log.find("\"message\":\"three\""), log.npos) << log;
}

TEST(LogFile, WithoutAPathItIsStdout) {
  const auto log = open_log("");
  ASSERT_TRUE(log);
  struct stat ours {
  }, theirs{};
  ASSERT_EQ(::fstat(log->get(), &ours), 0);
  ASSERT_EQ(::fstat(STDOUT_FILENO, &theirs), 0);
  EXPECT_EQ(ours.st_ino, theirs.st_ino);
  EXPECT_NE(log->get(), STDOUT_FILENO);
}

}  // namespace
}  // namespace attestrd
