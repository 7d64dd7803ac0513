#include "io/allocations.h"

#include <gtest/gtest.h>
#include <openssl/crypto.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <thread>

#include "io/certificates.h"
#include "io/pending_answer.h"
#include "io/polling.h"
#include "io/scripted_server.h"

namespace attestrd {
namespace {

using namespace std::chrono_literals;

std::size_t allocations_of(const std::function<void()>& work) {
  const AllocationCounter counter;
  work();
  return counter.count();
}

/// Receives each block: the compiler can't omit an allocation that a volatile pointer receives.
void* volatile block;

TEST(AllocationCounter, CountsEveryAllocationFunction) {
  EXPECT_EQ(allocations_of([] {}), 0u);
  EXPECT_EQ(allocations_of([] { block = std::malloc(100); }), 1u);
  EXPECT_EQ(allocations_of([] { block = std::realloc(block, 100'000); }), 1u);
  std::free(block);
  EXPECT_EQ(allocations_of([] { block = std::calloc(10, 10); }), 1u);
  std::free(block);
#ifndef __SANITIZE_THREAD__  // TSan of g++ 12 does not report aligned blocks to its hooks.
  EXPECT_EQ(allocations_of([] { block = std::aligned_alloc(64, 128); }), 1u);
  std::free(block);
#endif
  EXPECT_EQ(allocations_of([] { std::string(100, 'x').find('y'); }), 1u);
}

TEST(AllocationCounter, CountsAllocationsOfOpensslApart) {
  const AllocationCounter counter;
  block = OPENSSL_malloc(100);
  block = OPENSSL_realloc(block, 100'000);
  OPENSSL_free(block);
  EXPECT_EQ(counter.count(), 0u);
  EXPECT_EQ(counter.openssl_count(), 2u);
}

TEST(AllocationCounter, CountsItsOwnThreadOnly) {
  std::atomic<bool> may_begin = false;
  std::atomic<bool> is_done = false;
  std::thread other([&] {
    while (!may_begin) std::this_thread::yield();
    std::string(100, 'x').find('y');
    is_done = true;
  });
  const auto count = allocations_of([&] {
    may_begin = true;
    while (!is_done) std::this_thread::yield();
  });
  other.join();
  EXPECT_EQ(count, 0u);
}

/// A server on a thread of its own that answers every poll as pending.
class PendingServer {
 public:
  explicit PendingServer(const Identity& identity) : server_(events_, identity) {
    server_.answers = [](const std::string& request) { return pending_answer(asked_id(request)); };
    thread_ = std::thread([this] { events_.run(); });
  }

  ~PendingServer() {
    events_.stop();
    thread_.join();
  }

  std::uint16_t port() const { return server_.port(); }

 private:
  boost::asio::io_context events_{1};
  ScriptedServer server_;
  std::thread thread_;
};

class PendingPollTest : public testing::Test {
 protected:
  PendingPollTest() {
    std::ofstream(ca_file_) << authority_.certificate();
    poller_.endpoint.port = server_.port();
    poller_.ca_file = ca_file_;
  }

  ~PendingPollTest() override { std::filesystem::remove(ca_file_); }

  /// Counts in one window of polls after another until a window is free of allocations and within
  /// the bound on OpenSSL's. Asio keeps the memory of its handlers for later ones. It allocates
  /// again when more or larger handlers overlap than ever before, which on a busy machine may
  /// happen late, and a new connection allocates too. An allocation that belongs to the polls
  /// occurs in every window.
  void expect_no_allocation(std::uint64_t warm_up, std::uint64_t window) {
    Polling polling(engine_, poller_);
    std::optional<AllocationCounter> counter;
    std::size_t windows = 0;
    polling.on_reply = [&] {
      if (polling.replies() == warm_up) counter.emplace();
      if (polling.replies() != warm_up + (windows + 1) * window) return;
      const bool is_good =
          counter->count() == 0 && openssl_blocks(*counter, window) <= kOpensslBlocksAPoll;
      if (++windows < kMostWindows && !is_good) {
        counter.reset();
        counter.emplace();
      } else {
        polling.loop().stop();
      }
    };
    polling.adopt(kHandshakes, 10min);
    polling.loop().run();  // In one run, like the daemon: Asio keeps memory only for a run.
    EXPECT_LE(openssl_blocks(*counter, window), kOpensslBlocksAPoll);
    EXPECT_EQ(counter->count(), 0u) << "in each of " << windows << " windows of " << window
                                    << " polls; the first of the last window by\n"
                                    << counter->first_caller();
    EXPECT_TRUE(polling.notices().empty());
    EXPECT_EQ(polling.report().pending, kHandshakes);
  }

  /// Returns OpenSSL's allocations for each poll of the window.
  static double openssl_blocks(const AllocationCounter& counter, std::uint64_t window) {
    return static_cast<double>(counter.openssl_count()) / static_cast<double>(window);
  }

  static constexpr std::size_t kMostWindows = 10;

  /// OpenSSL 3.0 allocates two blocks of some 40 bytes for each record that it encrypts or
  /// decrypts, and frees them at once. A request and its response are one record each.
  static constexpr double kOpensslBlocksAPoll = 4.01;

  static constexpr std::size_t kHandshakes = 1000;
  /// More handshakes are due at any time than most machines can poll, so that all connections are
  /// opened early and are seldom idle.
  EngineSettings engine_{.requests_per_second = 0,
                         .connections = 8,
                         .min_interval = 10ms,
                         .max_interval = 20ms,
                         .signing_form = {},
                         .host = "localhost"};
  HttpsPollerSettings poller_{.endpoint = {"localhost", 443, Endpoint::Kind::name},
                              .version = "v1",
                              .auth_token = Secret("aHVudGVyMg=="),
                              .user_agent = "attestrd/test",
                              .ca_file = "",
                              .connections = 8,
                              .connect_timeout = 10s,
                              .request_timeout = 10s,
                              .max_response_bytes = 100'000};

 private:
  const CertificateAuthority authority_;
  PendingServer server_{authority_.issue("DNS:localhost")};
  const std::string ca_file_ = std::filesystem::temp_directory_path() /
                               ("attestrd-allocations-" + std::to_string(getpid()) + ".pem");
};

TEST_F(PendingPollTest, AllocatesNothingAtFullLoad) { expect_no_allocation(2000, 5000); }

TEST_F(PendingPollTest, AllocatesNothingInBursts) {
  // All connections become idle, and are then used at once. Each has two handlers at a time.
  engine_.connections = poller_.connections = 32;  // The default.
  engine_.min_interval = 50ms;
  engine_.max_interval = 100ms;
  expect_no_allocation(2000, 5000);
}

TEST_F(PendingPollTest, AllocatesNothingAtARate) {
  engine_.requests_per_second = 500;              // The timer expires for nearly each poll.
  engine_.connections = poller_.connections = 1;  // No second one is opened late.
  expect_no_allocation(500, 1000);
}

}  // namespace
}  // namespace attestrd
