#include "control_server.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <chrono>
#include <cstddef>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace attestrd {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;
using Local = asio::local::stream_protocol;
using boost::system::error_code;

constexpr std::size_t kClients = 16;
constexpr std::size_t kRequestBytes = 8 * 1024;
constexpr std::chrono::seconds kRequestTimeout{5};
constexpr std::chrono::milliseconds kAcceptPause{100};
constexpr mode_t kSocketMode = 0660;
constexpr auto kAsTuple = asio::as_tuple(asio::use_awaitable);

using Request = http::request_parser<http::empty_body>;
using Response = http::response<http::string_body>;

Response respond(http::status status, std::string_view type, std::string body) {
  Response response{status, 11, std::move(body)};
  response.set(http::field::content_type, type);
  response.set(http::field::cache_control, "no-store");
  response.set(http::field::server, "attestrd");
  response.keep_alive(false);
  response.prepare_payload();
  return response;
}

Response respond_plain(http::status status, std::string_view text) {
  return respond(status, "text/plain; charset=utf-8", std::string(text) + '\n');
}

Response respond_health(const StatusReport& report) {
  const auto& daemon = report.daemon;
  if (daemon && daemon->disk_full) {
    return respond_plain(http::status::service_unavailable, "disk full");
  }
  if (daemon && daemon->pause) {
    return respond_plain(http::status::service_unavailable,
                         "account paused: " + daemon->pause->reason);
  }
  return respond_plain(http::status::ok, "ok");
}

/// Who may ask: any program of the machine, or of the network, reaches the TCP port.
enum class Audience : bool { local, anybody };

Response respond_to(const Request::value_type& request, Audience audience,
                    const ControlServer::Report& report) {
  const std::string_view target = request.target();
  const bool has_status = audience == Audience::local && target == "/status";
  if (!has_status && target != "/metrics" && target != "/health") {
    return respond_plain(http::status::not_found, "not found");
  }
  if (request.method() != http::verb::get) {
    auto response = respond_plain(http::status::method_not_allowed, "use GET");
    response.set(http::field::allow, "GET");
    return response;
  }
  if (target == "/metrics") {
    return respond(http::status::ok, "text/plain; version=0.0.4; charset=utf-8",
                   status_metrics(report()));
  }
  if (target == "/health") return respond_health(report());
  if (request[http::field::accept] == "text/plain") {
    return respond(http::status::ok, "text/plain; charset=utf-8", status_text(report()));
  }
  return respond(http::status::ok, "application/json", status_json(report()));
}

/// Of the errors that are the client's fault, as opposed to the connection's.
const boost::system::error_category& bad_request_category() {
  return http::make_error_code(http::error::bad_method).category();
}

/// Whether a server listens there. A full backlog is an answer too.
bool is_answered(asio::io_context& loop, const Local::endpoint& endpoint) {
  error_code error;
  Local::socket probe(loop);
  probe.open(Local(), error);
  probe.non_blocking(true, error);
  probe.connect(endpoint, error);
  return !error || error == asio::error::would_block || error == asio::error::try_again;
}

/// Makes the name free, unless it is in use.
Result<void> clear_socket_path(asio::io_context& loop, const std::string& path) {
  struct stat info {};
  if (::lstat(path.c_str(), &info) != 0) return {};  // bind() says what is wrong, if anything is.
  if (!S_ISSOCK(info.st_mode)) {
    return fail(Errc::invalid_config,
                fmt::format("{}: is no socket; name another path in admin.socket", path));
  }
  if (is_answered(loop, Local::endpoint(path))) {
    return fail(Errc::unavailable,
                fmt::format("{}: another attestrd answers there; stop it, or name another path in "
                            "admin.socket",
                            path));
  }
  ::unlink(path.c_str());
  return {};
}

Error listen_error(const error_code& error, const std::string& where, std::string_view key) {
  const bool is_taken = error == asio::error::address_in_use;
  const bool is_forbidden = error == asio::error::access_denied;
  const auto code = is_taken       ? Errc::unavailable
                    : is_forbidden ? Errc::permission_denied
                                   : Errc::invalid_config;
  const bool has_no_folder = error == boost::system::errc::no_such_file_or_directory;
  return fail(code, fmt::format("{}: can't listen there ({}): {}{}", where, key, error.message(),
                                has_no_folder ? "; make its folder first" : ""));
}

Result<Local::acceptor> listen_local(asio::io_context& loop, const std::string& path) {
  constexpr std::size_t kMostBytes = sizeof(sockaddr_un::sun_path) - 1;
  if (path.size() > kMostBytes) {
    return fail(Errc::invalid_config,
                fmt::format("{}: the path of a socket may have {} bytes; set a shorter "
                            "admin.socket",
                            path, kMostBytes));
  }
  if (auto cleared = clear_socket_path(loop, path); !cleared) return cleared.error();

  error_code error;
  Local::acceptor acceptor(loop);
  acceptor.open(Local(), error);
  // Before bind(), so that the file is never more open than that; after it, whatever the umask is.
  if (!error) ::fchmod(acceptor.native_handle(), kSocketMode);
  if (!error) acceptor.bind(Local::endpoint(path), error);
  if (!error) ::chmod(path.c_str(), kSocketMode);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error) return listen_error(error, path, "admin.socket");
  return acceptor;
}

Result<tcp::acceptor> listen_tcp(asio::io_context& loop, const tcp::endpoint& endpoint) {
  error_code error;
  tcp::acceptor acceptor(loop);
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error) {
    const auto where = fmt::format("{}:{}", endpoint.address().to_string(), endpoint.port());
    return listen_error(error, where, "admin.listen");
  }
  return acceptor;
}

}  // namespace

/// Coroutines keep it alive until they have seen that it is closed.
struct ControlServer::State {
  State(asio::io_context& loop, Report report_function)
      : local(loop), network(loop), report(std::move(report_function)) {}

  template <class Acceptor>
  static asio::awaitable<void> accept(std::shared_ptr<State> state, Acceptor& acceptor,
                                      Audience audience);
  template <class Stream>
  static asio::awaitable<void> serve(std::shared_ptr<State> state, Stream stream,
                                     Audience audience);
  template <class Stream>
  static asio::awaitable<void> answer(State& state, Stream& stream, Audience audience);

  void close();

  Local::acceptor local;
  tcp::acceptor network;
  Report report;
  std::list<std::function<void()>> clients;  ///< How to drop each.
  std::string socket_path;                   ///< To be removed; empty: none.
  bool is_closed = false;
};

template <class Acceptor>
asio::awaitable<void> ControlServer::State::accept(std::shared_ptr<State> state,
                                                   Acceptor& acceptor, Audience audience) {
  using Stream = boost::beast::basic_stream<typename Acceptor::protocol_type>;
  asio::steady_timer pause(acceptor.get_executor());
  while (!state->is_closed) {
    auto [error, socket] = co_await acceptor.async_accept(kAsTuple);
    if (state->is_closed) break;
    if (error) {
      // No descriptor is free, say: polling needs them more.
      pause.expires_after(kAcceptPause);
      co_await pause.async_wait(kAsTuple);
    } else if (state->clients.size() < kClients) {
      asio::co_spawn(acceptor.get_executor(), serve(state, Stream(std::move(socket)), audience),
                     asio::detached);
    }
  }
}

template <class Stream>
asio::awaitable<void> ControlServer::State::serve(std::shared_ptr<State> state, Stream stream,
                                                  Audience audience) {
  const auto client = state->clients.insert(state->clients.end(), [&stream] { stream.close(); });
  co_await answer(*state, stream, audience);
  state->clients.erase(client);
}

template <class Stream>
asio::awaitable<void> ControlServer::State::answer(State& state, Stream& stream,
                                                   Audience audience) {
  boost::beast::flat_buffer buffer(kRequestBytes);
  Request request;
  request.header_limit(kRequestBytes);
  stream.expires_after(kRequestTimeout);
  const auto [read_error, read_bytes] =
      co_await http::async_read_header(stream, buffer, request, kAsTuple);
  const bool is_malformed = read_error && read_error.category() == bad_request_category();
  if (state.is_closed || (read_error && !is_malformed)) co_return;

  const Response response = is_malformed ? respond_plain(http::status::bad_request, "bad request")
                                         : respond_to(request.get(), audience, state.report);
  stream.expires_after(kRequestTimeout);
  co_await http::async_write(stream, response, kAsTuple);
  error_code ignored;
  stream.socket().shutdown(asio::socket_base::shutdown_send, ignored);
}

void ControlServer::State::close() {
  is_closed = true;
  error_code ignored;
  local.close(ignored);
  network.close(ignored);
  for (const auto& drop : clients) drop();
  if (!socket_path.empty()) ::unlink(socket_path.c_str());
}

ControlServer::ControlServer(std::shared_ptr<State> state) : state_(std::move(state)) {}

ControlServer::~ControlServer() {
  if (state_) state_->close();
}

Result<ControlServer> ControlServer::open(asio::io_context& loop, const Config::Admin& admin,
                                          Report report) {
  const auto state = std::make_shared<State>(loop, std::move(report));
  ControlServer server(state);  // Closes again what is open, should the next step fail.
  if (admin.listen) {
    auto acceptor = listen_tcp(loop, *admin.listen);
    if (!acceptor) return acceptor.error();
    state->network = std::move(*acceptor);
    asio::co_spawn(loop, State::accept(state, state->network, Audience::anybody), asio::detached);
  }
  if (!admin.socket.empty()) {
    auto acceptor = listen_local(loop, admin.socket.string());
    if (!acceptor) return acceptor.error();
    state->local = std::move(*acceptor);
    state->socket_path = admin.socket.string();
    asio::co_spawn(loop, State::accept(state, state->local, Audience::local), asio::detached);
  }
  return server;
}

}  // namespace attestrd
