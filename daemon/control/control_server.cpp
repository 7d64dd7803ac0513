#include "daemon/control/control_server.h"

#include <fmt/format.h>
#include <unistd.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "daemon/control/control_listen.h"

namespace attestrd {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;
using Local = asio::local::stream_protocol;
using boost::system::error_code;

constexpr std::size_t kClients = 16;  // Of each audience: a busy port locks nobody out here.
constexpr std::size_t kRequestBytes = 8 * 1024;
constexpr std::chrono::seconds kRequestTimeout{5};
constexpr std::chrono::seconds kLookUpTimeout{4};  // Before the one who asks gives up.
constexpr std::chrono::milliseconds kAcceptPause{100};
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

bool wants_text(const Request::value_type& request) {
  return request[http::field::accept] == "text/plain";
}

/// Nothing: the look-up takes too long.
Response respond_explained(const std::optional<Result<ExplainReport>>& report, bool as_text) {
  constexpr auto kUnavailable = http::status::service_unavailable;
  if (!report) return respond_plain(kUnavailable, "the disk is too slow to look it up");
  if (!*report) return respond_plain(kUnavailable, report->error().message);
  const ExplainReport& known = **report;
  const auto status = known.is_known() ? http::status::ok : http::status::not_found;
  return as_text ? respond(status, "text/plain; charset=utf-8", explain_text(known))
                 : respond(status, "application/json", explain_json(known));
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
  if (wants_text(request)) {
    return respond(http::status::ok, "text/plain; charset=utf-8", status_text(report()));
  }
  return respond(http::status::ok, "application/json", status_json(report()));
}

/// The handshake that is asked about, if one is.
std::optional<HandshakeId> explained_id(const Request::value_type& request, Audience audience) {
  constexpr std::string_view kExplain = "/explain/";
  std::string_view target = request.target();
  const bool is_asked = audience == Audience::local && request.method() == http::verb::get &&
                        target.starts_with(kExplain);
  if (!is_asked) return std::nullopt;
  target.remove_prefix(kExplain.size());
  return HandshakeId::parse(target);
}

/// An explanation on its way: what is not pending must be looked up, which takes a turn of the
/// disk.
struct Awaited {
  explicit Awaited(const asio::any_io_executor& executor) : ready(executor, kLookUpTimeout) {}

  asio::steady_timer ready;  ///< Cancelled once it is here.
  std::optional<Result<ExplainReport>> report;
};

/// Of the errors that are the client's fault, as opposed to the connection's.
const boost::system::error_category& bad_request_category() {
  return http::make_error_code(http::error::bad_method).category();
}

}  // namespace

/// Coroutines keep it alive until they have seen that it is closed.
struct ControlServer::State {
  State(asio::io_context& loop, Report report_function, Explain explain_function)
      : local(loop),
        network(loop),
        report(std::move(report_function)),
        explain(std::move(explain_function)) {}

  template <class Acceptor>
  static asio::awaitable<void> accept(std::shared_ptr<State> state, Acceptor& acceptor,
                                      Audience audience);
  template <class Stream>
  static asio::awaitable<void> serve(std::shared_ptr<State> state, Stream stream,
                                     Audience audience);
  template <class Stream>
  static asio::awaitable<void> answer(State& state, Stream& stream, Audience audience);

  static asio::awaitable<Response> respond(State& state, const Request::value_type& request,
                                           Audience audience);

  std::size_t clients_of(Audience audience) const;
  void close();

  struct Client {
    Audience audience;
    std::function<void()> drop;
  };

  Local::acceptor local;
  tcp::acceptor network;
  Report report;
  Explain explain;
  std::list<std::shared_ptr<Awaited>> awaited;
  std::list<Client> clients;
  std::string socket_path;  ///< To be removed; empty: none.
  bool is_closed = false;
};

template <class Acceptor>
asio::awaitable<void> ControlServer::State::accept(std::shared_ptr<State> state, Acceptor& acceptor,
                                                   Audience audience) {
  using Stream = boost::beast::basic_stream<typename Acceptor::protocol_type>;
  asio::steady_timer pause(acceptor.get_executor());
  while (!state->is_closed) {
    auto [error, socket] = co_await acceptor.async_accept(kAsTuple);
    if (state->is_closed) break;
    if (error) {
      // No descriptor is free, say: polling needs them more.
      pause.expires_after(kAcceptPause);
      co_await pause.async_wait(kAsTuple);
    } else if (state->clients_of(audience) < kClients) {
      asio::co_spawn(acceptor.get_executor(), serve(state, Stream(std::move(socket)), audience),
                     asio::detached);
    }
  }
}

template <class Stream>
asio::awaitable<void> ControlServer::State::serve(std::shared_ptr<State> state, Stream stream,
                                                  Audience audience) {
  const auto client =
      state->clients.insert(state->clients.end(), {audience, [&stream] { stream.close(); }});
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

  Response response = respond_plain(http::status::bad_request, "bad request");
  if (!is_malformed) response = co_await respond(state, request.get(), audience);
  if (state.is_closed) co_return;
  stream.expires_after(kRequestTimeout);
  co_await http::async_write(stream, response, kAsTuple);
  error_code ignored;
  stream.socket().shutdown(asio::socket_base::shutdown_send, ignored);
}

asio::awaitable<Response> ControlServer::State::respond(State& state,
                                                        const Request::value_type& request,
                                                        Audience audience) {
  const auto id = explained_id(request, audience);
  if (!id || !state.explain) co_return respond_to(request, audience, state.report);
  const auto executor = co_await asio::this_coro::executor;
  const auto awaited = std::make_shared<Awaited>(executor);
  const auto place = state.awaited.insert(state.awaited.end(), awaited);
  state.explain(*id, [awaited](Result<ExplainReport> explained) {
    awaited->report = std::move(explained);
    awaited->ready.cancel();
  });
  if (!awaited->report) co_await awaited->ready.async_wait(kAsTuple);
  state.awaited.erase(place);
  co_return respond_explained(awaited->report, wants_text(request));
}

std::size_t ControlServer::State::clients_of(Audience audience) const {
  const auto count = std::ranges::count(clients, audience, &Client::audience);
  return static_cast<std::size_t>(count);
}

void ControlServer::State::close() {
  is_closed = true;
  error_code ignored;
  local.close(ignored);
  network.close(ignored);
  for (const auto& explanation : awaited) explanation->ready.cancel();
  for (const auto& client : clients) client.drop();
  if (!socket_path.empty()) ::unlink(socket_path.c_str());
}

ControlServer::ControlServer(std::shared_ptr<State> state) : state_(std::move(state)) {}

ControlServer::~ControlServer() {
  if (state_) state_->close();
}

Result<ControlServer> ControlServer::open(asio::io_context& loop, const Config::Admin& admin,
                                          Report report, Explain explain) {
  const auto state = std::make_shared<State>(loop, std::move(report), std::move(explain));
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
