#include "daemon/log/logging.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "daemon/log/log_file.h"
#include "temporary_folder.h"

namespace attestrd {
namespace {

using namespace std::chrono_literals;

/// An upper bound for calls that must not wait for the reader of the log: far more than they take
/// on a busy machine.
constexpr auto kNoHang = 30s;

class LoggingTest : public testing::Test {
 protected:
  LoggingTest() {
    std::signal(SIGPIPE, SIG_IGN);
    EXPECT_EQ(::pipe2(ends_.data(), O_CLOEXEC), 0);
  }
  ~LoggingTest() override {
    close_reader();
    close_writer();
  }

  void start(Level least, LogFormat format = LogFormat::json) {
    logger_ = std::make_unique<Logger>(least, format, Descriptor(::dup(ends_[1])));
  }

  void write(Level level, std::string message) {
    Notice notice;
    notice.level = level;
    notice.message = std::move(message);
    logger_->write(notice);
  }

  /// Reads until the last writer has closed the pipe.
  std::string read_all() {
    std::string all;
    std::array<char, 65536> room{};
    for (ssize_t got; (got = ::read(ends_[0], room.data(), room.size())) > 0;) {
      all.append(room.data(), static_cast<std::size_t>(got));
    }
    return all;
  }

  void end_log() {
    logger_.reset();
    close_writer();
  }

  void close_reader() { close(ends_[0]); }
  void close_writer() { close(ends_[1]); }

  std::unique_ptr<Logger> logger_;
  std::array<int, 2> ends_{-1, -1};

 private:
  static void close(int& descriptor) {
    if (descriptor >= 0) ::close(descriptor);
    descriptor = -1;
  }
};

std::size_t count(const std::string& text, std::string_view what) {
  std::size_t found = 0;
  for (std::size_t at = 0; (at = text.find(what, at)) != text.npos; at += what.size()) ++found;
  return found;
}

TEST_F(LoggingTest, WritesALineForEachNoticeOfTheLevelOrAbove) {
  start(Level::info);
  write(Level::debug, "one");
  write(Level::info, "two");
  write(Level::error, "three");
  logger_->set_level(Level::debug);
  write(Level::debug, "four");
  logger_->set_format(LogFormat::text);
  write(Level::debug, "five");
  end_log();
  const auto log = read_all();
  EXPECT_EQ(count(log, "\n"), 4u);
  EXPECT_EQ(log.find("one"), log.npos);
  EXPECT_LT(log.find("\"message\":\"two\""), log.find("\"message\":\"three\""));
  EXPECT_LT(log.find("\"message\":\"three\""), log.find("\"message\":\"four\""));
  EXPECT_NE(log.find("debug daemon.started: five\n"), log.npos);
}

TEST_F(LoggingTest, ANewOutputHasTheLinesFromThenOn) {
  TemporaryFolder folder;
  start(Level::info);
  logger_->set_output(*open_log(folder.path() / "log"));
  write(Level::info, "one");
  logger_.reset();
  EXPECT_NE(TemporaryFolder::read(folder.path() / "log").find("\"message\":\"one\""),
            std::string::npos);
  close_writer();
  EXPECT_EQ(read_all(), "");
}

TEST_F(LoggingTest, LosesNothingToAReaderThatKeepsUp) {
  start(Level::info);
  for (int i = 0; i < 300; ++i) write(Level::info, "a line");
  end_log();
  EXPECT_EQ(count(read_all(), "a line"), 300u);
}

TEST_F(LoggingTest, WritesWaitingLinesTogetherAndWholeLinesOnly) {
  constexpr int kLines = 2000;
  close_reader();
  close_writer();
  // A socket pair that keeps the boundaries of the writes, with a buffer for only a few of them.
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends_.data()), 0);
  const int room = 4096;
  ASSERT_EQ(::setsockopt(ends_[1], SOL_SOCKET, SO_SNDBUF, &room, sizeof(room)), 0);
  start(Level::info);
  for (int i = 0; i < kLines; ++i) write(Level::info, "line " + std::to_string(i));
  std::thread end([this] { end_log(); });
  std::vector<std::string> writes;
  std::array<char, 65536> buffer{};
  for (ssize_t got; (got = ::read(ends_[0], buffer.data(), buffer.size())) > 0;) {
    writes.emplace_back(buffer.data(), static_cast<std::size_t>(got));
  }
  end.join();
  int lines = 0;
  for (const auto& text : writes) {
    EXPECT_EQ(text.back(), '\n');
    for (std::size_t at = 0; (at = text.find("\"line ", at)) != text.npos; ++at) {
      EXPECT_EQ(std::stoi(text.substr(at + 6)), lines++);
    }
  }
  EXPECT_EQ(lines, kLines);
  EXPECT_LT(writes.size(), kLines / 4U);
}

TEST_F(LoggingTest, DropsTheOldestLinesAndLogsTheirCountWhenTheReaderIsTooSlow) {
  constexpr std::size_t kLines = 50'000;
  start(Level::info);
  const auto before = std::chrono::steady_clock::now();
  for (std::size_t i = 0; i < kLines; ++i) write(Level::info, "a line");
  EXPECT_LT(std::chrono::steady_clock::now() - before, kNoHang);

  std::thread end([this] { end_log(); });
  const auto log = read_all();
  end.join();
  // Logged once, unless the log's writer thread runs in between.
  std::size_t dropped = 0;
  for (auto notice = log.find("log.dropped"); notice != log.npos;
       notice = log.find("log.dropped", notice + 1))
    dropped += std::stoul(log.substr(log.find("\"count\":", notice) + 8));
  EXPECT_GT(dropped, 0u);
  EXPECT_EQ(count(log, "a line") + dropped, kLines);
}

TEST_F(LoggingTest, SurvivesAClosedReader) {
  start(Level::info);
  close_reader();
  for (int i = 0; i < 100; ++i) write(Level::info, "a line");
  logger_.reset();
}

TEST_F(LoggingTest, EndsSoonIfTheReaderReadsNothing) {
  start(Level::info);
  for (int i = 0; i < 5'000; ++i) write(Level::info, std::string(200, 'x'));
  const auto before = std::chrono::steady_clock::now();
  logger_.reset();
  EXPECT_LT(std::chrono::steady_clock::now() - before, kNoHang);
}

}  // namespace
}  // namespace attestrd
