#include "daemon/service/progress.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <memory>
#include <string>

namespace attestrd {
namespace {

using namespace std::chrono_literals;

TEST(Progress, OverwritesOneLine) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
  {
    ProgressLine line(ends[1]);
    line.show(10, 0, Mono(1s));
    line.show(7, 3, Mono(2s));
    line.show(7, 3, Mono(3s));
  }
  std::array<char, 512> room{};
  const auto length = ::read(ends[0], room.data(), room.size());
  EXPECT_EQ(std::string(room.data(), static_cast<std::size_t>(length)),
            "\r\x1b[K10 pending, 0 delivered, 0.0/s\r"
            "\r\x1b[K7 pending, 3 delivered, 3.0/s\r"
            "\r\x1b[K7 pending, 3 delivered, 2.1/s\r"
            "\r\x1b[K");
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST(Progress, NeverWaitsForATerminalThatIsStopped) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
  ProgressLine line(ends[1]);
  const int pipe_bytes = ::fcntl(ends[1], F_GETPIPE_SZ);
  for (int written = 0; written <= pipe_bytes; ++written) line.show(10, 0, Mono(1s));
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST(Progress, IsNeverWrittenToAFile) {
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  auto line = std::make_unique<ProgressLine>();
  line->show(10, 0, Mono(1s));
  line.reset();
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

}  // namespace
}  // namespace attestrd
