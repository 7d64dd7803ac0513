#include "io/https_poller_scene.h"

namespace attestrd {
namespace {

// The memory for answers.

/// A fixture whose answers for "DS1" are large, and those for "DS2" small. There is memory for two
/// large ones.
class HttpsPollerMemoryTest : public HttpsPollerTest {
 protected:
  HttpsPollerMemoryTest() {
    settings_.connections = 16;
    settings_.max_response_bytes = 400'000;
    settings_.answer_memory_bytes = 800'000;
    given_server();
    server_->answers = [](const std::string& request) {
      const bool is_large = request.find("/DS1 ") != std::string::npos;
      return is_large ? answer(large_body()) : answer(R"({"_id":"DS2"})");
    };
  }

  static const std::string& large_body() {
    static const std::string made = kBody + std::string(400'000 - kBody.size(), ' ');
    return made;
  }

  static std::string chunked(std::string_view body) {
    std::string text = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    constexpr std::size_t kChunk = 10'000;
    for (; !body.empty(); body.remove_prefix(std::min(kChunk, body.size()))) {
      const auto piece = body.substr(0, kChunk);
      char size[20];
      std::snprintf(size, sizeof size, "%zx\r\n", piece.size());
      text.append(size).append(piece).append("\r\n");
    }
    return text + "0\r\n\r\n";
  }

  void start_many(std::string_view name, std::size_t polls) {
    for (std::size_t i = 0; i < polls; ++i) start(next_++, name);
  }

  std::size_t replies_with(std::string_view body) const {
    return static_cast<std::size_t>(std::ranges::count_if(
        replies_, [&](const auto& reply) { return reply.second.body == body; }));
  }

  Poller::Ticket next_ = 0;
};

TEST_F(HttpsPollerMemoryTest, ManyLargeAnswersAllArrive) {
  start_many("DS1", 40);
  run_until_replies(40);
  EXPECT_EQ(replies_with(large_body()), 40u);
}

TEST_F(HttpsPollerMemoryTest, SoDoThoseWithoutALength) {
  server_->answers = [text = chunked(large_body())](const std::string&) { return text; };
  start_many("DS1", 40);
  run_until_replies(40);
  EXPECT_EQ(replies_with(large_body()), 40u);
}

TEST_F(HttpsPollerMemoryTest, LargeAnswersWaitWhileAnswersAreKeptAndSmallOnesDoNot) {
  poller().keep(settings_.answer_memory_bytes);
  start_many("DS1", 8);
  start_many("DS2", 8);
  run_until_replies(8);
  run_for(100ms);
  EXPECT_EQ(replies_.size(), 8u);
  EXPECT_EQ(replies_with(large_body()), 0u);
  poller().keep(settings_.answer_memory_bytes / 2);
  run_until_replies(16);
  EXPECT_EQ(replies_with(large_body()), 8u);
}

TEST_F(HttpsPollerMemoryTest, AnAnswerThatGotNoMemoryIsReportedAndTheNextOneIsRead) {
  settings_.request_timeout = 3s;  // Enough for the beginning of an answer on a busy machine.
  poller().keep(settings_.answer_memory_bytes);
  start_many("DS1", 3);
  run_until_replies(3);
  for (const auto& [ticket, reply] : replies_) EXPECT_EQ(reply.failure, Kind::shortage);
  EXPECT_FALSE(poller().is_short()) << "a connection can be opened";
  poller().keep(0);
  settings_.request_timeout = 20s;
  ASSERT_TRUE(poller().reconfigure(settings_).has_value());
  EXPECT_EQ(poll().body, large_body());
}

TEST_F(HttpsPollerMemoryTest, AnAnswerThatBreaksOffGivesItsMemoryBack) {
  for (int i = 0; i < 6; ++i) {
    const auto most = 100'000 + large_body().size() / 2;
    server_says({answer(large_body()).substr(0, most), Then::close});
  }
  server_->answers = nullptr;
  server_->otherwise.bytes = answer(large_body());
  start_many("DS1", 12);
  run_until_replies(12);
  EXPECT_EQ(replies_with(large_body()), 6u);
}

TEST_F(HttpsPollerMemoryTest, AReloadMayChangeTheMemory) {
  poller().keep(settings_.answer_memory_bytes);
  start_many("DS1", 4);
  run_for(100ms);
  EXPECT_TRUE(replies_.empty());
  settings_.answer_memory_bytes *= 10;
  ASSERT_TRUE(poller().reconfigure(settings_).has_value());
  run_until_replies(4);
}

TEST_F(HttpsPollerMemoryTest, StopIsSilentWhileAnswersWaitForMemory) {
  poller().keep(settings_.answer_memory_bytes);
  start_many("DS1", 4);
  run_until([this] { return server_->requests().size() == 4; });
  run_for(50ms);
  poller().stop();
  poller().keep(0);
  run_until_open(0);
  EXPECT_TRUE(replies_.empty());
}

TEST_F(HttpsPollerMemoryTest, ALargeAnswerThatNamesItsHandshakeAtTheEndKeepsTheConnection) {
  settings_.connections = 1;
  const std::string body = R"({"filler":")" + std::string(300'000, 'D') + R"(","_id":"DS1"})";
  server_->answers = [&body](const std::string&) { return answer(body); };
  for (int i = 0; i < 2; ++i) EXPECT_EQ(poll().body, body);
  EXPECT_EQ(server_->accepted(), 1u);
}

}  // namespace
}  // namespace attestrd
