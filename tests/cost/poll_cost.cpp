#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <filesystem>
#include <fstream>
#include <string>

#include "base/check.h"
#include "cost/counted.h"
#include "io/certificates.h"
#include "io/pending_answer.h"
#include "io/polling.h"
#include "io/scripted_server.h"
#include "runtime/system_clock.h"

namespace attestrd {
namespace {

Now now_of_all{Mono(std::chrono::hours(100)), Wall(Duration(1'764'000'000'000'000))};

}  // namespace

// Replaces the function in lib/: valgrind is slow, and the count must not depend on time.
Now read_clocks() { return now_of_all; }

namespace cost {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kHandshakes = 256;
constexpr std::size_t kWarmUpRounds = 3;
constexpr std::size_t kRounds = 12;
constexpr Duration kRound = 60s;  // Longer than any gap: all handshakes are due in each round.

EngineSettings engine_settings() {
  EngineSettings settings;
  settings.requests_per_second = 0;
  settings.connections = 32;
  settings.max_interval = 50s;
  return settings;
}

HttpsPollerSettings poller_settings(std::uint16_t port, const std::string& ca_file) {
  return {.endpoint = {"localhost", port, Endpoint::Kind::name},
          .version = "v1",
          .auth_token = Secret("aHVudGVyMg=="),
          .user_agent = "attestrd/test",
          .ca_file = ca_file,
          .connections = 32,
          .connect_timeout = 10min,
          .request_timeout = 10min,
          .max_response_bytes = 100'000};
}

/// Alternates between the daemon's event loop and the server's on one thread. Each processes all
/// that the other has done, so that the count does not depend on a scheduler. The server is not
/// counted.
class Table {
 public:
  Table(const Identity& identity, const std::string& ca_file)
      : server_(events_, identity),
        polling_(engine_settings(), poller_settings(server_.port(), ca_file)) {
    server_.answers = [](const std::string& request) { return pending_answer(asked_id(request)); };
    polling_.on_reply = [this] {
      if (polling_.replies() % kHandshakes == 0) begin_round();
    };
  }

  void play() {
    const Counted counted;
    polling_.adopt(kHandshakes, 10min);
    let_server_work();
    polling_.loop().run();
  }

 private:
  void let_server_work() {
    {
      const Uncounted server;
      events_.poll();
    }
    boost::asio::post(polling_.loop(), [this] { let_server_work(); });
  }

  void begin_round() {
    const Uncounted us;
    now_of_all.mono += kRound;
    now_of_all.wall += kRound;
    const std::size_t round = polling_.replies() / kHandshakes;
    if (round == kWarmUpRounds) begin_measurement();
    if (round == kWarmUpRounds + kRounds) return polling_.loop().stop();
    boost::asio::post(polling_.loop(), [this] { polling_.wake(); });
  }

  boost::asio::io_context events_{1};
  ScriptedServer server_;
  Polling polling_;
};

}  // namespace

std::size_t measure_polls(const char* name) {
  const CertificateAuthority authority;
  const std::string ca_file = std::filesystem::temp_directory_path() /
                              ("attestrd-cost-" + std::to_string(getpid()) + ".pem");
  std::ofstream(ca_file) << authority.certificate();
  Table table(authority.issue("DNS:localhost"), ca_file);
  std::filesystem::remove(ca_file);
  table.play();
  end_measurement(name);
  return kHandshakes * kRounds;
}

}  // namespace cost
}  // namespace attestrd
