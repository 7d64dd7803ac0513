// Fuzzes requests to the control socket: daemon/control on a real unix socket, in this thread. The
// input is the bytes that the client sends before it shuts down its side.

#include "fuzz/target.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "daemon/control/control_server.h"
#include "daemon/control/metrics/report_metrics.h"
#include "daemon/control/routes.h"
#include "daemon/control/status_report.h"
#include "fuzz/http_message.h"

namespace attestrd::fuzz {
namespace {

constexpr std::chrono::seconds kPatience{4};          ///< The server's timeout is a second longer.
constexpr std::size_t kMostRequestBytes = 64 * 1024;  ///< Fits into the buffer of a socket.

/// A folder for the socket, which is removed at the end of the process.
class Folder {
 public:
  Folder() {
    std::string path = std::filesystem::temp_directory_path() / "attestrd-fuzz-XXXXXX";
    ATTESTRD_CHECK(::mkdtemp(path.data()) != nullptr);
    path_ = path;
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  std::filesystem::path socket() const { return path_ / "control.sock"; }

 private:
  std::filesystem::path path_;
};

constexpr std::string_view kCopy = "a copy of the queue\n";

/// The source of a backup.
class Copy final : public BodySource {
 public:
  void open(std::function<void(Result<std::uint64_t>)> on_open) override { on_open(kCopy.size()); }
  void read(std::function<void(std::string)> on_part) override { on_part(std::string(kCopy)); }
};

/// The server, whose loop runs only within exchange().
class World {
 public:
  World() {
    admin_.socket = folder_.socket();
    engine.pending = 5;
    engine.in_flight = 1;
    auto server = ControlServer::open(loop_, admin_, control_routes(questions()));
    ATTESTRD_CHECK(server);
    server_.emplace(std::move(*server));
  }

  /// Sends `request` in pieces of `piece` bytes, and returns everything received until the server
  /// closes. Repeats the exchange if the machine was so busy that the server may have timed out.
  std::string exchange(std::string_view request, std::size_t piece) {
    for (;;) {
      const auto begin = std::chrono::steady_clock::now();
      reports = 0;
      auto answer = exchange_once(request, piece);
      if (std::chrono::steady_clock::now() - begin < kPatience) return answer;
    }
  }

  StatusReport report() const { return status_report(engine, {}, {}); }

  EngineReport engine;
  int reports = 0;  ///< Reports that the last exchange requested.

 private:
  /// The answers of an engine without handshakes.
  struct EmptyEngine {
    World& world;

    EngineAnswer operator()(const ExplainCommand&) const { return std::optional<Explanation>(); }
    EngineAnswer operator()(const ReportCommand&) const {
      ++world.reports;
      return world.engine;
    }
    EngineAnswer operator()(const KickCommand& kick) const {
      return std::vector(kick.ids.size(), Kicked::not_pending);
    }
    EngineAnswer operator()(const ListCommand&) const { return ListPage{}; }
    EngineAnswer operator()(const AgesCommand&) const { return AgesPage{}; }
    EngineAnswer operator()(const CancelCommand& cancel) const {
      return std::vector(cancel.ids.size(), Cancelled::not_pending);
    }
    EngineAnswer operator()(const KickAccountCommand&) const { return AccountKicked::not_paused; }
    EngineAnswer operator()(const CurveCommand&) const { return LearntCurve{}; }
    EngineAnswer operator()(const HintCommand&) const { return Hinted::not_pending; }
  };

  /// Returns the interface to an engine and a queue without handshakes.
  Questions questions() {
    using Ids = std::vector<HandshakeId>;
    return {.ask_engine =
                [this](const EngineCommand& command, const Questions::OnAnswer& on_answer) {
                  on_answer(std::visit(EmptyEngine{*this}, command));
                },
            .look_up = [](const HandshakeId&,
                          const Questions::OnFound& on_found) { on_found(UnknownHandshake{}); },
            .look_up_ended =
                [](const EndedQuery&, const Questions::OnEnded& on_ended) {
                  on_ended(std::vector<HandshakeId>());
                },
            .reload = [](const Questions::OnReloaded& on_reloaded) { on_reloaded({}); },
            .facts = [] { return DaemonFacts{}; },
            .now = [] { return Now{}; },
            .last_endings = [] { return std::vector<RecentEnding>(); },
            .backup = [] { return std::make_shared<Copy>(); },
            .retry =
                [](const Ids& ids, bool, const Questions::OnRetried& on_retried) {
                  on_retried(std::vector(ids.size(), Retried::unknown));
                },
            .readmit =
                [](const std::vector<std::string>& files, bool,
                   const Questions::OnReadmitted& on_readmitted) {
                  on_readmitted(std::vector(files.size(), Readmitted::no_record));
                },
            .pause = [](bool, const Questions::OnPaused& on_paused) { on_paused(true); },
            .hold =
                [](const Ids& ids, bool, const Questions::OnHeld& on_held) {
                  on_held(std::vector<HoldAnswer>(ids.size()));
                },
            .cancel =
                [](const Ids& ids, const Questions::OnCancelled& on_cancelled) {
                  on_cancelled(std::vector(ids.size(), CancelOutcome::not_pending));
                }};
  }

  std::string exchange_once(std::string_view request, std::size_t piece) {
    const int client = connect();
    while (!request.empty()) {
      const auto count = std::min(piece, request.size());
      // The server may have read enough, and closed.
      if (::send(client, request.data(), count, MSG_NOSIGNAL) != static_cast<ssize_t>(count)) break;
      request.remove_prefix(count);
      loop_.poll();
    }
    ::shutdown(client, SHUT_WR);
    auto answer = receive(client);
    ::close(client);
    return answer;
  }

  int connect() {
    const int client = ::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::ranges::copy(admin_.socket.native(), address.sun_path);
    ATTESTRD_CHECK(
        ::connect(client, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0);
    return client;
  }

  std::string receive(int client) {
    std::string answer;
    std::array<char, 4096> room;
    for (;;) {
      loop_.poll();
      const auto count = ::recv(client, room.data(), room.size(), 0);
      if (count > 0)
        answer.append(room.data(), static_cast<std::size_t>(count));
      else if (count == 0 || errno == ECONNRESET)
        return answer;
      else
        ATTESTRD_CHECK(errno == EAGAIN || errno == EWOULDBLOCK);
    }
  }

  Folder folder_;
  Config::Admin admin_;
  boost::asio::io_context loop_;
  std::optional<ControlServer> server_;
};

/// Returns the path of the target if the request begins with a request line; otherwise an empty
/// text.
std::string_view path_of(std::string_view request) {
  request.remove_prefix(std::min(request.find(' '), request.size() - 1) + 1);
  const auto end = request.find(' ');
  if (end == request.npos || !request.substr(end).starts_with(" HTTP/1.")) return {};
  auto target = request.substr(0, end);
  if (target.starts_with("http://"))
    target.remove_prefix(std::min(target.find_first_of("/?", 7), target.size()));
  return target.substr(0, target.find('?'));
}

bool is_read(std::string_view request) {
  return request.starts_with("GET ") || request.starts_with("HEAD ");
}

/// Returns the path if the request begins as a GET or a HEAD with a path whose body is known;
/// otherwise an empty text.
std::string_view known_target(std::string_view request) {
  if (request.empty() || !is_read(request)) return {};
  const auto path = path_of(request);
  for (const std::string_view known : {"/status", "/metrics", "/health", "/livez", "/readyz"})
    if (path == known) return known;
  return {};
}

/// Returns whether the request is for one of the other routes.
bool is_other_route(std::string_view request) {
  const auto path = path_of(request);
  if (is_read(request))
    return path == "/list" || path == "/ages" || path == "/ended" || path == "/" ||
           path.starts_with("/explain/");
  constexpr std::array<std::string_view, 12> kPosts = {
      "/ended",  "/kick", "/kick/account", "/retry",  "/readmit", "/pause",
      "/resume", "/hold", "/release",      "/cancel", "/reload",  "/backup"};
  return request.starts_with("POST ") && std::ranges::count(kPosts, path) == 1;
}

bool is_body_of(std::string_view target, const std::string& body, const StatusReport& report) {
  if (target == "/metrics") return body == status_metrics(report);
  if (target == "/health" || target == "/livez") return body == "ok\n";
  if (target == "/readyz") return body == "{\"ready\":true,\"reasons\":[]}\n";
  return body == status_json(report) || body == status_text(report);
}

/// Checks the answer of a route whose body is not known. An empty list of ids has an empty answer.
void check_other(unsigned status, const HttpMessage& message) {
  ATTESTRD_CHECK(status == 200 || status == 404 || status == 409);
  ATTESTRD_CHECK(message.body.empty() || message.body.ends_with('\n'));
}

void check_answer(std::string_view request, const std::string& answer, const World& world) {
  // The length in an answer to HEAD is that of the body which GET would get.
  if (request.starts_with("HEAD ") && answer.ends_with("\r\n\r\n")) return;
  const auto message = read_http_message(answer);
  ATTESTRD_CHECK(message && message->is_http_1_1);
  ATTESTRD_CHECK(message->values("connection") == std::vector<std::string>{"close"});
  const auto target = known_target(request);
  const bool is_refused =
      message->status == 400 || message->status == 403 || message->status == 413;
  if (!request.empty() && is_other_route(request) && !is_refused)
    return check_other(message->status, *message);
  ATTESTRD_CHECK(!message->body.empty() && message->body.ends_with('\n'));
  switch (message->status) {
    case 200:
      ATTESTRD_CHECK(!target.empty() && is_body_of(target, message->body, world.report()));
      break;
    case 503:
      ATTESTRD_CHECK(message->body == (target == "/health"
                                           ? "disk full\n"
                                           : "{\"ready\":false,\"reasons\":[\"disk_full\"]}\n"));
      ATTESTRD_CHECK(target == "/health" || target == "/readyz");
      ATTESTRD_CHECK(world.engine.is_disk_full);
      break;
    case 403: ATTESTRD_CHECK(request.starts_with("POST ")); break;
    case 405: {
      const auto allowed = message->values("allow");
      ATTESTRD_CHECK(allowed.size() == 1);
      const bool allows_read = allowed[0].starts_with("GET, HEAD");
      const bool allows_post = allowed[0].ends_with("POST");
      ATTESTRD_CHECK(allowed[0] == "POST" || allowed[0] == "GET, HEAD" ||
                     allowed[0] == "GET, HEAD, POST");
      ATTESTRD_CHECK(!allows_read || !is_read(request));
      ATTESTRD_CHECK(!allows_post || !request.starts_with("POST "));
      break;
    }
    default:
      ATTESTRD_CHECK(message->status == 400 || message->status == 413 ||
                     (message->status == 404 && target.empty()));
  }
  const bool answers = message->status == 200 || message->status == 503;
  const bool tells = answers && target != "/livez";
  ATTESTRD_CHECK(world.reports == (tells ? 1 : 0));
}

void check(std::string_view text) {
  static World world;
  const auto request = text.substr(0, kMostRequestBytes);
  Prng luck = luck_of(request);
  world.engine.is_disk_full = luck.next() % 4 == 0;

  const auto answer = world.exchange(request, kMostRequestBytes);
  check_answer(request, answer, world);
  const auto pieces = drawn(luck, 1, 4);
  ATTESTRD_CHECK(world.exchange(request, request.size() / pieces + 1) == answer);
}

}  // namespace
}  // namespace attestrd::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  attestrd::fuzz::check(attestrd::fuzz::text_of(data, size));
  return 0;
}
