#include "runtime/conductor.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <time.h>

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "contract/memory_files.h"
#include "contract/memory_queue.h"
#include "crypto/hmac.h"
#include "inbox/folder_inbox.h"
#include "runtime/system_clock.h"
#include "spool/folder_spool.h"

namespace attestrd::test {
namespace {

constexpr std::string_view kSecret = "client-secret";
constexpr std::string_view kResult = R"({"FS1":{"input":{},"output":{}}})";

class StartedPolls : public Poller {
 public:
  void start(Ticket ticket, const HandshakeId&) override { tickets.push_back(ticket); }
  void keep(std::size_t bytes) override { kept = bytes; }
  void stop() override {}

  std::vector<Ticket> tickets;
  std::size_t kept = 0;
};

std::vector<Secret> secrets() {
  std::vector<Secret> all;
  all.emplace_back(std::string(kSecret));
  return all;
}

std::chrono::nanoseconds cpu_time(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
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

  void given_new(std::string_view id = "DS1") {
    const QueuedHandshake row{*HandshakeId::parse(id), "", read_clocks().wall, {}, {}, 0};
    conductor_.step(Adopted{&row, true});
  }
  void attestr_says(Poller::Ticket ticket, std::string& body) {
    const PollReply reply = HttpResponse{
        .status = 200, .retry_after = {}, .date = {}, .content_encoding = {}, .body = body};
    conductor_.replied(ticket, reply, body);
  }
  EngineReport report() const { return engine_.report(read_clocks()); }
  std::uint64_t ended() const { return report().settling; }

  void run_until_in_flight(std::size_t polls) {
    loop_.restart();
    while (report().in_flight > polls) ASSERT_NE(loop_.run_one_for(std::chrono::seconds(60)), 0U);
  }
  void run_until_checked() { run_until_in_flight(0); }

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

TEST_F(ConductorTest, VerifiesALargeResultOutsideOfTheLoopAndKeepsTheResponse) {
  given_new();
  ASSERT_EQ(poller_.tickets.size(), 1U);
  std::string body = completed_body();
  const auto bytes = body.size();
  attestr_says(poller_.tickets.front(), body);
  EXPECT_EQ(report().in_flight, 1U);
  EXPECT_EQ(ended(), 0U);
  EXPECT_EQ(poller_.kept, bytes);
  body = "the poller's next answer";
  run_until_checked();
  EXPECT_EQ(ended(), 1U);
  EXPECT_GE(poller_.kept, bytes) << "its record is not written yet";
}

TEST_F(ConductorTest, TheLoopGoesOnWhileALargeAnswerIsChecked) {
  given_new();
  // A text of many numbers takes long to parse and to write in every form.
  std::string body = R"({"_id":"DS1","consumed":true,"resultSignature":")" + std::string(64, '0') +
                     R"(","result":{"a":[1.5)";
  for (int i = 0; i < 3'000'000; ++i) body += ",1.5";
  body += "]}}";
  const auto of_loop = cpu_time(CLOCK_THREAD_CPUTIME_ID);
  const auto of_all = cpu_time(CLOCK_PROCESS_CPUTIME_ID);
  attestr_says(poller_.tickets.front(), body);
  given_new("DS2");
  EXPECT_EQ(poller_.tickets.size(), 2U) << "another poll starts meanwhile";
  EXPECT_EQ(report().in_flight, 2U);
  run_until_in_flight(1);
  EXPECT_LT((cpu_time(CLOCK_THREAD_CPUTIME_ID) - of_loop) * 4,
            cpu_time(CLOCK_PROCESS_CPUTIME_ID) - of_all);
}

TEST_F(ConductorTest, MayBeDestroyedDuringAndBeforeChecks) {
  std::string body = completed_body();
  for (const auto* const id : {"DS1", "DS2"}) {
    given_new(id);
    std::string copy = body;
    attestr_says(poller_.tickets.back(), copy);
  }
  EXPECT_EQ(report().in_flight, 2U);
}

TEST_F(ConductorTest, AReloadMayReplaceTheVerifierMeanwhile) {
  given_new();
  std::string body = completed_body();
  attestr_says(poller_.tickets.front(), body);
  std::vector<Secret> others;
  others.emplace_back(std::string("another"));
  verifier_ = Verifier(std::move(others), SigningFormPolicy::raw);
  run_until_checked();
  EXPECT_EQ(ended(), 1U);
}

}  // namespace
}  // namespace attestrd::test
