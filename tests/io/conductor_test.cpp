#include "runtime/conductor.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "crypto/hmac.h"
#include "inbox/folder_inbox.h"
#include "runtime/system_clock.h"
#include "spool/folder_spool.h"
#include "contract/memory_files.h"
#include "contract/memory_queue.h"

namespace attestrd::test {
namespace {

constexpr std::string_view kSecret = "client-secret";
constexpr std::string_view kResult = R"({"FS1":{"input":{},"output":{}}})";

class StartedPolls : public Poller {
 public:
  void start(Ticket ticket, const HandshakeId&) override { tickets.push_back(ticket); }
  void stop() override {}

  std::vector<Ticket> tickets;
};

std::vector<Secret> secrets() {
  std::vector<Secret> all;
  all.emplace_back(std::string(kSecret));
  return all;
}

std::string completed_body() {
  HmacSha256 hmac{Secret(std::string(kSecret))};
  hmac.update(kResult);
  std::string hex;
  for (const unsigned char byte : hmac.finish()) hex += fmt::format("{:02x}", byte);
  return fmt::format(R"({{"_id":"DS1","consumed":true,"result":{},"resultSignature":"{}"}})",
                     kResult, hex);
}

/// A fixture whose disk worker is not started: its requests stay in its queue.
class ConductorTest : public ::testing::Test {
 protected:
  ConductorTest() { conductor_.connect(poller_, disk_); }

  static EngineSettings settings() {
    EngineSettings settings;
    settings.cadence = CadenceKind::exponential;
    settings.requests_per_second = 0;
    settings.verified_at_once_bytes = 0;
    return settings;
  }

  void given_new() {
    const QueuedHandshake row{*HandshakeId::parse("DS1"), "", read_clocks().wall, {}, {}, 0};
    conductor_.step(Adopted{&row, true});
  }
  EngineReport report() const { return engine_.report(read_clocks()); }
  double completed() const {
    return report().counters.value(Metric::handshakes_ended, "completed");
  }

  boost::asio::io_context loop_;
  Faults faults_;
  MemoryFolder root_{faults_};
  MemoryStore store_;
  MemoryDirectory folder_{root_};
  std::unique_ptr<FolderInbox> inbox_ =
      *FolderInbox::open(*folder_.subfolder("inbox"), *folder_.subfolder("refused"));
  MemoryQueue queue_{store_, faults_};
  std::unique_ptr<FolderSpool> spool_ = *FolderSpool::open(folder_);
  Ledger ledger_{*inbox_, queue_, *spool_};
  DiskWorker disk_{ledger_, loop_.get_executor(), read_clocks, {}};
  Verifier verifier_{secrets(), SigningFormPolicy::automatic};
  Engine engine_{settings(), verifier_, 1, read_clocks()};
  Conductor conductor_{loop_, engine_, verifier_, [](const Notice&) {}};
  StartedPolls poller_;
};

TEST_F(ConductorTest, AnswersACommandInALaterTurnOfTheLoop) {
  given_new();
  std::optional<EngineAnswer> answer;
  conductor_.ask(ReportCommand{}, [&](EngineAnswer given) { answer = std::move(given); });
  EXPECT_FALSE(answer);
  loop_.poll();
  ASSERT_TRUE(answer);
  EXPECT_EQ(std::get<EngineReport>(*answer).pending, 1U);
}

TEST_F(ConductorTest, ACallbackMayIssueACommand) {
  int answers = 0;
  conductor_.ask(ReportCommand{}, [&](const EngineAnswer&) {
    ++answers;
    conductor_.ask(KickCommand{}, [&](const EngineAnswer&) { ++answers; });
  });
  loop_.poll();
  EXPECT_EQ(answers, 2);
}

TEST_F(ConductorTest, VerifiesALargeResultInALaterTurnAndKeepsTheResponse) {
  given_new();
  ASSERT_EQ(poller_.tickets.size(), 1U);
  std::string body = completed_body();
  const PollReply reply = HttpResponse{
      .status = 200, .retry_after = {}, .date = {}, .content_encoding = {}, .body = body};
  conductor_.replied(poller_.tickets.front(), reply, body);
  EXPECT_EQ(report().in_flight, 1U);
  EXPECT_EQ(completed(), 0);
  body = "the poller's next answer";
  loop_.poll();
  EXPECT_EQ(report().in_flight, 0U);
  EXPECT_EQ(completed(), 1);
}

}  // namespace
}  // namespace attestrd::test
