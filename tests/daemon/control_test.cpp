#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <future>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "daemon/cli/control_client.h"
#include "daemon/control/control_listen.h"
#include "daemon/control/control_server.h"
#include "daemon/control/explain.h"
#include "daemon/control/metrics/report_metrics.h"
#include "daemon/control/routes.h"
#include "daemon/control/status_report.h"
#include "temporary_folder.h"

namespace attestrd {
namespace {

namespace asio = boost::asio;
using Local = asio::local::stream_protocol;
using asio::ip::tcp;

/// A fixture whose server runs on a thread of its own, as the daemon's does.
class ControlTest : public testing::Test {
 protected:
  ControlTest() {
    engine_.pending = 5;
    engine_.in_flight = 1;
  }
  ~ControlTest() override { stop(); }

  Result<void> start() {
    auto server = ControlServer::open(loop_, admin_, control_routes(questions()));
    if (!server) return server.error();
    server_.emplace(std::move(*server));
    thread_ = std::thread([this] { loop_.run(); });
    return {};
  }

  /// Returns the interface to an engine without handshakes, and to a queue with a single one.
  Questions questions() {
    return {.ask_engine =
                [this](const EngineCommand& command, const Questions::OnAnswer& on_answer) {
                  if (std::holds_alternative<ReportCommand>(command)) return on_answer(engine_);
                  if (const auto* list = std::get_if<ListCommand>(&command))
                    return on_answer(ListPage{{}, list->from + 1});
                  on_answer(std::optional<Explanation>());
                },
            .look_up =
                [this](const HandshakeId& id, const Questions::OnFound& on_found) {
                  if (trouble_) return on_found(*trouble_);
                  if (explains_) return on_found(row_of(id));
                  unanswered_.push_back(on_found);
                },
            .reload = {},
            .facts =
                [this] {
                  DaemonFacts facts;
                  facts.is_spool_full = is_spool_full_;
                  facts.has_queue_lost_commits = has_queue_lost_commits_;
                  return facts;
                },
            .now = [] { return Now{}; }};
  }

  StatusReport report() const { return status_report(engine_, {}, {}); }

  void stop() {
    if (!thread_.joinable()) return;
    asio::post(loop_, [this] { server_.reset(); });
    thread_.join();  // The loop ends once no client is left.
  }

  static KnownHandshake row_of(const HandshakeId& id) {
    if (id.view() == "DSended") return EndedHandshake{Outcome::completed, {}};
    return UnknownHandshake{};
  }

  static ExplainReport explanation_of(std::string_view text) {
    const auto id = *HandshakeId::parse(text);
    return {id, {}, case_of(row_of(id), true)};
  }

  void wait_for_unanswered(std::size_t count) {
    for (std::size_t there = 0; there < count;) {
      std::promise<std::size_t> told;
      asio::post(loop_, [this, &told] { told.set_value(unanswered_.size()); });
      there = told.get_future().get();
    }
  }

  std::string body_of(std::string_view target, std::string_view accept = "*/*") {
    const auto answer = ask_daemon(admin_.socket, target, accept);
    return answer ? *answer : "error: " + answer.error().message;
  }

  /// Sends raw bytes, and returns everything read until the server closes.
  template <class Socket>
  std::string exchange(Socket& socket, std::string_view request) {
    boost::system::error_code ignored;
    asio::write(socket, asio::buffer(request), ignored);
    std::string answer;
    asio::read(socket, asio::dynamic_buffer(answer), ignored);
    return answer;
  }

  std::string exchange(std::string_view request) {
    asio::io_context loop;
    Local::socket socket(loop);
    socket.connect(Local::endpoint(admin_.socket.string()));
    return exchange(socket, request);
  }

  std::string exchange_tcp(std::string_view request) {
    asio::io_context loop;
    tcp::socket socket(loop);
    socket.connect(*admin_.listen);
    return exchange(socket, request);
  }

  TemporaryFolder folder_;
  Config::Admin admin_{std::nullopt, folder_.path() / "control.sock"};
  EngineReport engine_;
  bool explains_ = true;
  bool is_spool_full_ = false;
  bool has_queue_lost_commits_ = false;
  std::optional<Error> trouble_;
  asio::io_context loop_;
  std::vector<Questions::OnFound> unanswered_;
  std::optional<ControlServer> server_;
  std::thread thread_;
};

constexpr std::string_view kHealth = "GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n";
constexpr std::string_view kExplain = "GET /explain/DSended HTTP/1.1\r\nHost: a\r\n\r\n";

std::string first_line(const std::string& answer) { return answer.substr(0, answer.find('\r')); }

/// Returns a port that was free a moment ago. Another process may have bound it since.
tcp::endpoint free_port() {
  asio::io_context loop;
  return tcp::acceptor(loop, {asio::ip::address_v4::loopback(), 0}).local_endpoint();
}

TEST_F(ControlTest, AnswersTheStatusInEitherForm) {
  ASSERT_TRUE(start());
  EXPECT_EQ(body_of("/status", "application/json"), status_json(report()));
  EXPECT_EQ(body_of("/status"), status_json(report()));
  EXPECT_EQ(body_of("/status", "text/plain"), status_text(report()));
  EXPECT_EQ(body_of("/metrics"), status_metrics(report()));
}

TEST_F(ControlTest, MetricsHaveTheFormThatTheClientPrefers) {
  ASSERT_TRUE(start());
  EXPECT_EQ(body_of("/metrics", "application/openmetrics-text"),
            status_metrics(report(), MetricsFormat::openmetrics));
  const auto answer = exchange(
      "GET /metrics HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
      "Accept: application/openmetrics-text;version=1.0.0,text/plain;q=0.5\r\n\r\n");
  EXPECT_NE(answer.find("\r\nContent-Type: application/openmetrics-text; version=1.0.0; "
                        "charset=utf-8\r\n"),
            answer.npos)
      << answer;
}

TEST_F(ControlTest, IsHealthyUnlessItCannotPoll) {
  ASSERT_TRUE(start());
  EXPECT_EQ(body_of("/health"), "ok\n");
  stop();
  engine_.paused_for = PauseReason::unauthorized;
  loop_.restart();
  ASSERT_TRUE(start());
  const auto answer = exchange("GET /health HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(first_line(answer), "HTTP/1.1 503 Service Unavailable");
  EXPECT_TRUE(answer.ends_with("\r\n\r\naccount paused: unauthorized\n")) << answer;
}

TEST_F(ControlTest, IsNotHealthyWhileTheQueueIsUnavailable) {
  engine_.is_queue_unavailable = true;
  ASSERT_TRUE(start());
  const auto answer = exchange("GET /health HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(first_line(answer), "HTTP/1.1 503 Service Unavailable");
  EXPECT_TRUE(answer.ends_with("\r\n\r\nqueue unavailable\n")) << answer;
}

TEST_F(ControlTest, RefusesUnknownTargetsMethodsAndMalformedRequests) {
  ASSERT_TRUE(start());
  EXPECT_EQ(first_line(exchange("GET /none HTTP/1.1\r\nHost: a\r\n\r\n")),
            "HTTP/1.1 404 Not Found");
  const auto post = exchange("POST /status HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}");
  EXPECT_EQ(first_line(post), "HTTP/1.1 405 Method Not Allowed");
  EXPECT_NE(post.find("Allow: GET, HEAD\r\n"), post.npos);
  EXPECT_EQ(first_line(exchange("nonsense\r\n\r\n")), "HTTP/1.1 400 Bad Request");
  EXPECT_EQ(
      first_line(exchange("GET /status HTTP/1.1\r\nX: " + std::string(9000, 'x') + "\r\n\r\n")),
      "HTTP/1.1 400 Bad Request");
}

TEST_F(ControlTest, AnswersOneRequestAConnection) {
  ASSERT_TRUE(start());
  const std::string request = "GET /health HTTP/1.1\r\nHost: a\r\n\r\n";
  const auto answer = exchange(request + request);
  EXPECT_EQ(answer.find("HTTP/1.1"), answer.rfind("HTTP/1.1"));
  EXPECT_NE(answer.find("Connection: close\r\n"), answer.npos);
}

TEST_F(ControlTest, HeadGetsTheFieldsAlone) {
  ASSERT_TRUE(start());
  for (const auto* target : {"/health", "/metrics", "/health?verbose=1", "http://a/health"}) {
    const auto rest = std::string(target) + " HTTP/1.1\r\nHost: a\r\n\r\n";
    const auto full = exchange("GET " + rest);
    EXPECT_EQ(first_line(full), "HTTP/1.1 200 OK");
    EXPECT_EQ(exchange("HEAD " + rest), full.substr(0, full.find("\r\n\r\n") + 4));
  }
  const auto none = exchange("HEAD /none HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(first_line(none), "HTTP/1.1 404 Not Found");
  EXPECT_TRUE(none.ends_with("\r\n\r\n")) << none;
}

TEST_F(ControlTest, TellsWhetherItLivesAndIsReady) {
  engine_.is_disk_full = true;
  engine_.operator_pause = Wall{};
  engine_.paused_for = PauseReason::unauthorized;
  engine_.signatures_fail = true;
  trouble_ = fail(Errc::io_failure, "it answers, whatever it finds");
  ASSERT_TRUE(start());
  EXPECT_EQ(body_of("/livez"), "ok\n");
  const auto answer = exchange("GET /readyz HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(first_line(answer), "HTTP/1.1 503 Service Unavailable");
  EXPECT_TRUE(answer.ends_with(
      "\n{\"ready\":false,\"reasons\":[\"paused_by_operator\",\"paused\",\"signatures_failing\","
      "\"disk_full\"]}\n"))
      << answer;
  stop();
  engine_.is_disk_full = false;
  engine_.operator_pause.reset();
  engine_.paused_for.reset();
  engine_.signatures_fail = false;
  loop_.restart();
  is_spool_full_ = true;
  ASSERT_TRUE(start());
  EXPECT_EQ(first_line(exchange("GET /health HTTP/1.1\r\nHost: a\r\n\r\n")),
            "HTTP/1.1 503 Service Unavailable");
  EXPECT_TRUE(exchange("GET /readyz HTTP/1.1\r\nHost: a\r\n\r\n")
                  .ends_with("\n{\"ready\":false,\"reasons\":[\"spool_full\"]}\n"));
  stop();
  is_spool_full_ = false;
  has_queue_lost_commits_ = true;
  engine_.paused_for = PauseReason::forbidden;
  engine_.paused_by = "b";
  loop_.restart();
  ASSERT_TRUE(start());
  EXPECT_TRUE(exchange("GET /readyz HTTP/1.1\r\nHost: a\r\n\r\n")
                  .ends_with("\n{\"ready\":false,\"reasons\":[\"paused\","
                             "\"paused_by_another_node\",\"queue_went_back\"]}\n"));
  stop();
  has_queue_lost_commits_ = false;
  engine_.paused_for.reset();
  loop_.restart();
  ASSERT_TRUE(start());
  EXPECT_EQ(body_of("/readyz"), "{\"ready\":true,\"reasons\":[]}\n");
}

TEST_F(ControlTest, ExplainsAHandshakeInEitherForm) {
  ASSERT_TRUE(start());
  const auto ended = explanation_of("DSended");
  EXPECT_EQ(body_of("/explain/DSended"), explain_json(ended));
  EXPECT_EQ(body_of("/explain/DSended", "text/plain"), explain_text(ended));
  const auto nobody = ask_daemon_about(admin_.socket, "/explain/DSnobody", "text/plain");
  ASSERT_TRUE(nobody);
  EXPECT_FALSE(nobody->is_found);
  EXPECT_EQ(nobody->body, explain_text(explanation_of("DSnobody")));
  EXPECT_EQ(ask_daemon(admin_.socket, "/explain/DSnobody", "*/*").error().code, Errc::unavailable);
}

TEST_F(ControlTest, APartOfAListNamesTheNextOne) {
  ASSERT_TRUE(start());
  const auto part = ask_daemon_page(admin_.socket, "/list?tag=a%26b");
  ASSERT_TRUE(part) << part.error().message;
  EXPECT_EQ(part->body, "");
  EXPECT_EQ(part->next, "/list?from=64&tag=a%26b") << "after so many pages without a row";
  const auto next = ask_daemon_page(admin_.socket, part->next);
  EXPECT_EQ(next->next, "/list?from=128&tag=a%26b");
  EXPECT_EQ(ask_daemon_about(admin_.socket, "/health", "*/*")->next, "") << "it has one part";
}

TEST_F(ControlTest, ExplainRefusesTextsThatAreNoId) {
  ASSERT_TRUE(start());
  for (const auto* target : {"/explain/", "/explain/D.S", "/explain/DS1/", "/explain"}) {
    const auto answer = ask_daemon_about(admin_.socket, target, "*/*");
    ASSERT_TRUE(answer);
    EXPECT_FALSE(answer->is_found);
    EXPECT_EQ(answer->body, "not found\n");
  }
}

TEST_F(ControlTest, AnExplanationIsAwaitedForALimitedTime) {
  explains_ = false;
  ASSERT_TRUE(start());
  asio::io_context loop;
  Local::socket late(loop);
  late.connect(Local::endpoint(admin_.socket.string()));
  const std::string_view request = "GET /explain/DSended HTTP/1.1\r\nHost: a\r\n\r\n";
  asio::write(late, asio::buffer(request));
  wait_for_unanswered(1);
  EXPECT_EQ(body_of("/health"), "ok\n") << "others are served meanwhile";
  asio::post(loop_, [this] { unanswered_.front()(row_of(*HandshakeId::parse("DSended"))); });
  std::string answer;
  boost::system::error_code ignored;
  asio::read(late, asio::dynamic_buffer(answer), ignored);
  EXPECT_EQ(first_line(answer), "HTTP/1.1 200 OK");
  const auto nothing = ask_daemon_about(admin_.socket, "/explain/DSended", "*/*");
  EXPECT_EQ(nothing.error().code, Errc::unavailable);
  EXPECT_TRUE(nothing.error().message.ends_with(": the disk is too slow to look it up"));
}

TEST_F(ControlTest, AnErrorOfTheQueueIsServiceUnavailable) {
  trouble_ = fail(Errc::io_failure, "queue.db: disk I/O error");
  ASSERT_TRUE(start());
  EXPECT_EQ(first_line(exchange("GET /explain/DSended HTTP/1.1\r\nHost: a\r\n\r\n")),
            "HTTP/1.1 503 Service Unavailable");
  const auto nothing = ask_daemon_about(admin_.socket, "/explain/DSended", "*/*");
  ASSERT_FALSE(nothing);
  EXPECT_EQ(nothing.error().message, admin_.socket.string() + ": queue.db: disk I/O error");
}

TEST_F(ControlTest, StopsWhileAnExplanationIsAwaited) {
  explains_ = false;
  ASSERT_TRUE(start());
  asio::io_context loop;
  Local::socket waiting(loop);
  waiting.connect(Local::endpoint(admin_.socket.string()));
  asio::write(waiting,
              asio::buffer(std::string_view("GET /explain/DS1 HTTP/1.1\r\nHost: a\r\n\r\n")));
  wait_for_unanswered(1);
  stop();
  EXPECT_FALSE(std::filesystem::exists(admin_.socket));
}

TEST_F(ControlTest, TheNetworkListenerHasNoStatusAndNoExplanation) {
  admin_.listen = free_port();
  ASSERT_TRUE(start());
  EXPECT_EQ(first_line(exchange_tcp("GET /status HTTP/1.1\r\nHost: localhost\r\n\r\n")),
            "HTTP/1.1 404 Not Found");
  EXPECT_EQ(first_line(exchange_tcp("GET /explain/DSended HTTP/1.1\r\nHost: localhost\r\n\r\n")),
            "HTTP/1.1 404 Not Found");
  EXPECT_EQ(first_line(exchange_tcp("GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")),
            "HTTP/1.1 200 OK");
  EXPECT_EQ(first_line(exchange_tcp("GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n")),
            "HTTP/1.1 200 OK");
}

TEST_F(ControlTest, TheNetworkListenerIsCalledByItsOwnNamesAlone) {
  admin_.listen = free_port();
  admin_.host_names = {"monitor.example.com"};
  ASSERT_TRUE(start());
  const auto status = [this](const std::string& head) {
    return first_line(exchange_tcp("GET " + head + "\r\n\r\n"));
  };
  for (const auto* const host : {"127.0.0.1:9464", "[::1]", "localhost", "Monitor.example.com"})
    EXPECT_EQ(status(std::string("/health HTTP/1.1\r\nHost: ") + host), "HTTP/1.1 200 OK") << host;
  const auto own = names_of_this_host({}).front();
  EXPECT_EQ(status("/health HTTP/1.1\r\nHost: " + own), "HTTP/1.1 200 OK");
  EXPECT_EQ(status("/health HTTP/1.0"), "HTTP/1.1 200 OK");
  constexpr auto kRefused = "HTTP/1.1 421 Misdirected Request";
  EXPECT_EQ(status("/health HTTP/1.1\r\nHost: attacker.example"), kRefused);
  EXPECT_EQ(status("/health HTTP/1.1\r\nHost: localhost\r\nHost: attacker.example"), kRefused);
  EXPECT_EQ(status("http://attacker.example/health HTTP/1.1\r\nHost: localhost"), kRefused);
  EXPECT_EQ(status("/health HTTP/1.1"), kRefused);
  EXPECT_EQ(first_line(exchange("GET /health HTTP/1.1\r\nHost: attestrd\r\n\r\n")),
            "HTTP/1.1 200 OK")
      << "a unix socket has no name";
}

TEST_F(ControlTest, AClientBeyondSixteenIsRefusedWithAnAnswer) {
  explains_ = false;
  ASSERT_TRUE(start());
  asio::io_context loop;
  std::vector<Local::socket> busy;
  for (int i = 0; i < 16; ++i) {
    busy.emplace_back(loop).connect(Local::endpoint(admin_.socket.string()));
    asio::write(busy.back(), asio::buffer(kExplain));
  }
  wait_for_unanswered(16);
  const auto answer = exchange(kHealth);
  EXPECT_EQ(first_line(answer), "HTTP/1.1 503 Service Unavailable");
  EXPECT_TRUE(answer.ends_with("\r\n\r\ntoo many clients: try again\n")) << answer;
  busy.clear();
}

TEST_F(ControlTest, IdleLocalClientsMakePlaceForAnother) {
  ASSERT_TRUE(start());
  asio::io_context loop;
  std::vector<Local::socket> idle;
  for (int i = 0; i < 16; ++i) {
    idle.emplace_back(loop).connect(Local::endpoint(admin_.socket.string()));
  }
  EXPECT_EQ(first_line(exchange(kHealth)), "HTTP/1.1 200 OK");
  EXPECT_EQ(first_line(exchange(idle.front(), "")), "HTTP/1.1 503 Service Unavailable");
  EXPECT_EQ(first_line(exchange(idle.back(), kHealth)), "HTTP/1.1 200 OK");
}

TEST_F(ControlTest, SlowLocalClientsMakePlaceForAnother) {
  ASSERT_TRUE(start());
  asio::io_context loop;
  std::vector<Local::socket> slow;
  for (int i = 0; i < 32; ++i) {
    slow.emplace_back(loop).connect(Local::endpoint(admin_.socket.string()));
    const std::string_view begin = i % 2 == 0 ? "POST /kick HTTP/1.1\r\nContent-Length: 99\r\n\r\n["
                                              : "GET /status HTTP/1.1\r\nHos";
    asio::write(slow.back(), asio::buffer(begin));
    EXPECT_EQ(body_of("/health"), "ok\n");
  }
  EXPECT_EQ(first_line(exchange(slow.front(), "")), "HTTP/1.1 503 Service Unavailable");
}

TEST_F(ControlTest, ConnectionsOfOneListenerDoNotExhaustTheOther) {
  admin_.listen = free_port();
  ASSERT_TRUE(start());
  asio::io_context loop;
  std::vector<tcp::socket> network;
  for (int i = 0; i < 16; ++i) network.emplace_back(loop).connect(*admin_.listen);
  EXPECT_EQ(first_line(exchange_tcp(kHealth)), "HTTP/1.1 503 Service Unavailable");
  EXPECT_EQ(first_line(exchange(kHealth)), "HTTP/1.1 200 OK");
  network.clear();
  std::vector<Local::socket> local;
  for (int i = 0; i < 16; ++i) {
    local.emplace_back(loop).connect(Local::endpoint(admin_.socket.string()));
  }
  std::string answer;
  for (int i = 0; i < 100 && !answer.starts_with("HTTP/1.1 200"); ++i)
    answer = exchange_tcp(kHealth);
  EXPECT_EQ(first_line(answer), "HTTP/1.1 200 OK");
}

TEST_F(ControlTest, DropsItsClientsAndItsSocketAtTheEnd) {
  ASSERT_TRUE(start());
  asio::io_context loop;
  Local::socket idle(loop);
  idle.connect(Local::endpoint(admin_.socket.string()));
  EXPECT_EQ(body_of("/health"), "ok\n");
  stop();  // Must not wait for the idle client.
  EXPECT_FALSE(std::filesystem::exists(admin_.socket));
  const auto answer = ask_daemon(admin_.socket, "/health", "*/*");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Errc::not_found);
}

TEST_F(ControlTest, TheSocketIsForItsOwnerAndGroup) {
  ASSERT_TRUE(start());
  struct stat info {};
  ASSERT_EQ(::stat(admin_.socket.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0660u);
}

TEST_F(ControlTest, ReplacesAStaleSocket) {
  {
    asio::io_context loop;
    Local::acceptor left_over(loop, Local::endpoint(admin_.socket.string()));
  }
  ASSERT_TRUE(std::filesystem::exists(admin_.socket));
  const auto started = start();
  ASSERT_TRUE(started) << started.error().message;
  EXPECT_EQ(body_of("/health"), "ok\n");
}

TEST_F(ControlTest, RefusesASocketInUse) {
  ASSERT_TRUE(start());
  asio::io_context loop;
  const auto second = ControlServer::open(loop, admin_, control_routes(questions()));
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Errc::unavailable);
  EXPECT_EQ(second.error().message, admin_.socket.string() +
                                        ": another attestrd answers there; stop it, or name "
                                        "another path in admin.socket");
  EXPECT_EQ(body_of("/health"), "ok\n");
}

TEST_F(ControlTest, RefusesAPathThatItCannotUse) {
  const auto complaint = [this](const std::filesystem::path& path) {
    admin_.socket = path;
    const auto started = start();
    return started ? "none" : started.error().message.substr(path.string().size());
  };
  EXPECT_EQ(complaint(folder_.write("file", "")),
            ": is no socket; name another path in admin.socket");
  EXPECT_EQ(complaint(folder_.path() / "none/control.sock"),
            ": can't listen there (admin.socket): No such file or directory; make its folder "
            "first");
  EXPECT_EQ(complaint(folder_.path() / std::string(108, 'a')),
            ": the path of a socket may have 107 bytes; set a shorter admin.socket");
}

TEST_F(ControlTest, RefusesAPortInUseAndRemovesItsSocket) {
  asio::io_context loop;
  tcp::acceptor taken(loop, {asio::ip::address_v4::loopback(), 0});
  admin_.listen = taken.local_endpoint();
  const auto started = start();
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().code, Errc::unavailable);
  EXPECT_FALSE(std::filesystem::exists(admin_.socket));
}

}  // namespace
}  // namespace attestrd
