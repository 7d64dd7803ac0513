// Tests the route that sends a backup, and the client that reads it.

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "daemon/cli/control_client.h"
#include "daemon/control/control_server.h"
#include "daemon/control/routes.h"
#include "temporary_folder.h"

namespace attestrd {
namespace {

namespace asio = boost::asio;

constexpr std::size_t kPartBytes = 100'000;

/// A body of one letter. It answers in a later turn of the loop, as the disk worker does.
class Letters final : public BodySource {
 public:
  Letters(asio::io_context& loop, Result<std::uint64_t> length, std::size_t available,
          std::function<void()> on_end)
      : loop_(loop), length_(std::move(length)), left_(available), on_end_(std::move(on_end)) {}
  Letters(const Letters&) = delete;
  Letters& operator=(const Letters&) = delete;
  ~Letters() override { on_end_(); }

  void open(std::function<void(Result<std::uint64_t>)> on_open) override {
    asio::post(loop_, [this, on_open] { on_open(length_); });
  }

  void read(std::function<void(std::string)> on_part) override {
    const std::string part(std::min(left_, kPartBytes), 'x');
    left_ -= part.size();
    asio::post(loop_, [on_part, part] { on_part(part); });
  }

 private:
  asio::io_context& loop_;
  Result<std::uint64_t> length_;
  std::size_t left_;
  std::function<void()> on_end_;
};

class DownloadTest : public ::testing::Test {
 protected:
  ~DownloadTest() override { stop(); }

  void start(Result<std::uint64_t> length, std::size_t available) {
    Questions questions;
    questions.backup = [this, length, available] {
      return std::make_shared<Letters>(loop_, length, available, [this] { ++ended_; });
    };
    auto server = ControlServer::open(loop_, admin_, control_routes(std::move(questions)));
    ASSERT_TRUE(server);
    server_.emplace(std::move(*server));
    thread_ = std::thread([this] { loop_.run(); });
  }

  void stop() {
    if (!thread_.joinable()) return;
    asio::post(loop_, [this] { server_.reset(); });
    thread_.join();
  }

  Result<void> download(std::string_view target = "/backup") {
    got_.clear();
    return download_from_daemon(admin_.socket, target, [this](std::string_view part) {
      got_ += part;
      return Result<void>();
    });
  }

  TemporaryFolder folder_;
  Config::Admin admin_{std::nullopt, folder_.path() / "control.sock"};
  asio::io_context loop_;
  int ended_ = 0;
  std::string got_;
  std::optional<ControlServer> server_;
  std::thread thread_;
};

TEST_F(DownloadTest, PassesEveryByteOn) {
  for (const std::size_t size : {0, 1, 100'000, 3'000'001}) {
    start(size, size);
    const auto done = download();
    EXPECT_TRUE(done) << done.error().message;
    EXPECT_EQ(got_, std::string(size, 'x'));
    stop();
    loop_.restart();
  }
  EXPECT_EQ(ended_, 4);
}

TEST_F(DownloadTest, ABodyThatIsCutOffIsAnError) {
  start(1'000'000, 999'999);
  const auto done = download();
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, Errc::unavailable);
  EXPECT_TRUE(done.error().message.ends_with("is not complete: try again")) << done.error().message;
}

TEST_F(DownloadTest, TheReasonOfARefusalIsReported) {
  start(fail(Errc::disk_full, "the disk is full"), 0);
  const auto done = download();
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, Errc::unavailable);
  EXPECT_EQ(done.error().message, admin_.socket.string() + ": the disk is full");
}

TEST_F(DownloadTest, AnErrorOfTheReaderEndsIt) {
  start(50 * kPartBytes, 50 * kPartBytes);
  const auto done = download_from_daemon(admin_.socket, "/backup", [](std::string_view) {
    return Result<void>(fail(Errc::disk_full, "no room"));
  });
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, Errc::disk_full);
  stop();
  EXPECT_EQ(ended_, 1) << "a source is destroyed once its client has gone";
}

TEST_F(DownloadTest, WithoutADaemonNothingIsFound) {
  EXPECT_EQ(download().error().code, Errc::not_found);
}

TEST_F(DownloadTest, ADaemonThatDoesNotKnowTheRouteIsNamed) {
  start(1, 1);
  const auto done = download("/unknown");
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, Errc::unavailable);
  EXPECT_TRUE(done.error().message.ends_with("restart it"));
}

}  // namespace
}  // namespace attestrd
