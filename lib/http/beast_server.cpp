#include "http/beast_server.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <algorithm>
#include <cstdint>
#include <iterator>
#include <list>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

namespace attestrd {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;
using Local = asio::local::stream_protocol;
using boost::system::error_code;

constexpr std::chrono::milliseconds kAcceptPause{100};
/// Between two clients over TLS: a handshake with a key of RSA-4096 takes some 5 ms of the loop.
constexpr std::chrono::milliseconds kTlsAcceptPause{20};
constexpr auto kAsTuple = asio::as_tuple(asio::use_awaitable);

using Parser = http::request_parser<http::string_body>;
using Message = http::response<http::string_body>;

/// The text of the 503 for a client that finds no place, or that makes place for another one.
constexpr std::string_view kFull = "too many clients: try again";

/// The text of the 421 for a client that calls the host by a name that it does not have.
constexpr std::string_view kOtherHost = "not a name of this host: see admin.host_names";

template <class AnyMessage>
void put_head(AnyMessage& message, const ServerResponse& response, const std::string& server_name) {
  message.result(http::int_to_status(response.status));
  message.version(11);
  message.set(http::field::content_type, response.content_type);
  message.set(http::field::cache_control, "no-store");
  // A page of this server loads nothing, runs no script and is shown in no frame.
  message.set("Content-Security-Policy",
              "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
              "frame-ancestors 'none'");
  message.set("X-Content-Type-Options", "nosniff");
  message.set(http::field::server, server_name);
  if (!response.allow.empty()) message.set(http::field::allow, response.allow);
  if (!response.authenticate.empty())
    message.set(http::field::www_authenticate, response.authenticate);
  if (!response.next.empty())
    message.set(http::field::link, "<" + response.next + ">; rel=\"next\"");
  message.keep_alive(false);
}

Message message_of(ServerResponse response, const std::string& server_name, bool is_head) {
  Message message;
  put_head(message, response, server_name);
  message.body() = std::move(response.body);
  message.prepare_payload();
  if (is_head) message.body().clear();  // The Content-Length stays.
  return message;
}

ServerRequest request_of(const Parser::value_type& head, Audience audience) {
  ServerRequest request;
  request.audience = audience;
  request.method = std::string(head.method_string());
  request.target = std::string(head.target());
  request.accept = std::string(head[http::field::accept]);
  request.is_from_browser = head.count(http::field::origin) + head.count("Sec-Fetch-Site") > 0;
  return request;
}

/// Returns whether a request over TCP calls this host by one of its names. A request of HTTP/1.0
/// need not name it: no browser sends one.
bool calls_this_host(const Parser::value_type& head, const HostNames& names) {
  const auto [begin, end] = head.equal_range(http::field::host);
  const auto target = head.target();
  const auto other = host_in_target({target.data(), target.size()});
  if (!other.empty() && !names.contains(other)) return false;
  if (begin == end) return head.version() < 11;
  const auto host = begin->value();
  return std::next(begin) == end && names.contains({host.data(), host.size()});
}

/// Returns the response to an error that is a fault of the client, or nothing if it is one of the
/// connection.
std::optional<ServerResponse> refusal_of(const error_code& error) {
  if (error == http::error::body_limit) return plain_response(413, "too long");
  if (!error || error.category() != http::make_error_code(http::error::bad_method).category())
    return std::nullopt;
  return plain_response(400, "bad request");
}

/// A connection under TLS, with the members of a connection without it that the server uses.
class TlsClientStream : public asio::ssl::stream<boost::beast::basic_stream<tcp>> {
 public:
  TlsClientStream(tcp::socket socket, asio::ssl::context& context)
      : stream(boost::beast::basic_stream<tcp>(std::move(socket)), context) {}

  void close() { next_layer().close(); }
  void cancel() { next_layer().cancel(); }
  tcp::socket& socket() { return next_layer().socket(); }
  void expires_after(std::chrono::milliseconds time) { next_layer().expires_after(time); }
};

/// The wait for an answer that a handler has not given yet.
struct Wait {
  Wait(const asio::any_io_executor& executor, std::chrono::milliseconds patience)
      : ready(executor, patience) {}

  asio::steady_timer ready;  ///< Cancelled once the answer is here.
};

template <class Answer>
struct Ticket : Wait {
  using Wait::Wait;

  std::optional<Answer> answer;
};

/// Longer than the preparation of any body takes.
constexpr std::chrono::hours kUnbounded{24};

}  // namespace

/// The state of a server. Its coroutines keep it alive until they have seen that it is closed.
struct BeastServer::State {
  State(asio::io_context& event_loop, Router routes, ServerSettings server_settings)
      : loop(event_loop), router(std::move(routes)), settings(std::move(server_settings)) {}

  using Tls = std::shared_ptr<asio::ssl::context>;

  template <class Acceptor>
  static void listen(const std::shared_ptr<State>& state, Acceptor acceptor, Audience audience,
                     Tls tls = nullptr);
  template <class Acceptor>
  static asio::awaitable<void> accept(std::shared_ptr<State> state,
                                      std::shared_ptr<Acceptor> acceptor, Audience audience,
                                      Tls tls);
  static asio::awaitable<void> serve_over_tls(std::shared_ptr<State> state, tcp::socket socket,
                                              Tls tls);
  template <class Stream>
  static asio::awaitable<void> serve(std::shared_ptr<State> state, Stream stream,
                                     Audience audience);
  static asio::awaitable<ServerResponse> ask(State& state, const RouteHandler& handler,
                                             const ServerRequest& request);
  template <class Answer, class Begin>
  static asio::awaitable<std::optional<Answer>> wait_for(State& state, Begin begin,
                                                         std::chrono::milliseconds patience);
  struct Client {
    enum class State : std::uint8_t {
      reading,
      answering,
      preparing,  ///< The body is prepared, which may take as long as the disk is full.
      refused
    };

    Audience audience;
    State state;
    bool asks_for_head = false;  ///< The method is HEAD.
    std::function<void()> drop;
    std::function<void()> stop_reading;
  };

  template <class Stream>
  static asio::awaitable<bool> begins(State& state, Stream& stream);
  template <class Stream>
  static asio::awaitable<void> send_whole(State& state, Stream& stream, ServerResponse response,
                                          bool is_head);
  template <class Stream>
  static asio::awaitable<void> send_parts(State& state, Stream& stream, ServerResponse response,
                                          Client& client);

  template <class Stream>
  static asio::awaitable<std::optional<ServerResponse>> answer(State& state, Stream& stream,
                                                               Client& client);
  static std::optional<ServerResponse> refusal_for_stranger(const State& state,
                                                            const Parser::value_type& head);
  bool has_place(Audience audience);
  std::size_t clients_of(Audience audience, Client::State client_state) const;
  void stop_listening(Audience audience);
  void close();

  /// A socket that accepts clients.
  struct Listener {
    Audience audience;
    std::function<void()> close;
  };

  asio::io_context& loop;
  Router router;
  ServerSettings settings;
  std::list<std::shared_ptr<Wait>> waits;
  std::list<Client> clients;
  std::list<Listener> listeners;
  bool is_closed = false;
};

/// Starts to accept clients. From now on close() can close the acceptor, even before its coroutine
/// has begun.
template <class Acceptor>
void BeastServer::State::listen(const std::shared_ptr<State>& state, Acceptor acceptor,
                                Audience audience, Tls tls) {
  const auto shared = std::make_shared<Acceptor>(std::move(acceptor));
  state->listeners.push_back({audience, [shared] {
                                error_code ignored;
                                shared->close(ignored);
                              }});
  asio::co_spawn(state->loop, accept(state, shared, audience, std::move(tls)), asio::detached);
}

template <class Acceptor>
asio::awaitable<void> BeastServer::State::accept(std::shared_ptr<State> state,
                                                 std::shared_ptr<Acceptor> acceptor,
                                                 Audience audience, Tls tls) {
  using Stream = boost::beast::basic_stream<typename Acceptor::protocol_type>;
  asio::steady_timer pause(acceptor->get_executor());
  while (!state->is_closed) {
    auto [error, socket] = co_await acceptor->async_accept(kAsTuple);
    if (state->is_closed || !acceptor->is_open()) break;
    if (error) {
      // A likely cause is that no descriptor is free: polling needs them more.
      pause.expires_after(kAcceptPause);
      co_await pause.async_wait(kAsTuple);
      continue;
    }
    if (state->clients_of(audience, Client::State::refused) >= state->settings.refused_clients)
      continue;
    if constexpr (std::is_same_v<Acceptor, tcp::acceptor>) {
      if (tls) {
        asio::co_spawn(acceptor->get_executor(), serve_over_tls(state, std::move(socket), tls),
                       asio::detached);
        pause.expires_after(kTlsAcceptPause);
        co_await pause.async_wait(kAsTuple);
        continue;
      }
    }
    asio::co_spawn(acceptor->get_executor(), serve(state, Stream(std::move(socket)), audience),
                   asio::detached);
  }
}

/// Serves a client over TLS. The context lives as long as its stream.
asio::awaitable<void> BeastServer::State::serve_over_tls(std::shared_ptr<State> state,
                                                         tcp::socket socket, Tls tls) {
  TlsClientStream stream(std::move(socket), *tls);
  co_await serve<TlsClientStream&>(std::move(state), stream, Audience::anybody);
}

template <class Stream>
asio::awaitable<void> BeastServer::State::serve(std::shared_ptr<State> state, Stream stream,
                                                Audience audience) {
  const auto begin = state->has_place(audience) ? Client::State::reading : Client::State::refused;
  const auto client = state->clients.insert(state->clients.end(),
                                            Client{.audience = audience,
                                                   .state = begin,
                                                   .drop = [&stream] { stream.close(); },
                                                   .stop_reading = [&stream] { stream.cancel(); }});
  std::optional<ServerResponse> response;
  if (co_await begins(*state, stream)) response = co_await answer(*state, stream, *client);
  if (response && !state->is_closed) {
    if (response->source)
      co_await send_parts(*state, stream, std::move(*response), *client);
    else
      co_await send_whole(*state, stream, std::move(*response), client->asks_for_head);
    error_code ignored;
    stream.socket().shutdown(asio::socket_base::shutdown_send, ignored);
  }
  state->clients.erase(client);
}

/// Begins TLS where there is any. Returns whether the request can be read.
template <class Stream>
asio::awaitable<bool> BeastServer::State::begins(State& state, Stream& stream) {
  if constexpr (std::is_same_v<Stream, TlsClientStream>) {
    stream.expires_after(state.settings.exchange_timeout);
    const auto [error] = co_await stream.async_handshake(asio::ssl::stream_base::server, kAsTuple);
    co_return !error && !state.is_closed;
  }
  co_return true;
}

template <class Stream>
asio::awaitable<void> BeastServer::State::send_whole(State& state, Stream& stream,
                                                     ServerResponse response, bool is_head) {
  auto message = message_of(std::move(response), state.settings.name, is_head);
  stream.expires_after(state.settings.exchange_timeout);
  co_await http::async_write(stream, message, kAsTuple);
}

/// Sends a response with a body source. The body has the length that the head gives, or the client
/// sees that it is cut off.
template <class Stream>
asio::awaitable<void> BeastServer::State::send_parts(State& state, Stream& stream,
                                                     ServerResponse response, Client& client) {
  if (state.clients_of(client.audience, Client::State::preparing) >= state.settings.clients) {
    auto refusal = plain_response(503, kFull);
    co_await send_whole(state, stream, std::move(refusal), false);
    co_return;
  }
  BodySource& source = *response.source;
  const auto open = [&source](auto on_open) { source.open(std::move(on_open)); };
  client.state = Client::State::preparing;
  const auto length = co_await wait_for<Result<std::uint64_t>>(state, open, kUnbounded);
  client.state = Client::State::answering;
  if (!length || state.is_closed) co_return;
  if (!*length) {
    auto refusal = plain_response(503, length->error().message);
    co_await send_whole(state, stream, std::move(refusal), false);
    co_return;
  }
  response.status = source.status();
  http::response<http::empty_body> head;
  put_head(head, response, state.settings.name);
  head.content_length(**length);
  http::response_serializer<http::empty_body> serializer(head);
  stream.expires_after(state.settings.exchange_timeout);
  const auto [head_error, head_bytes] =
      co_await http::async_write_header(stream, serializer, kAsTuple);
  if (head_error) co_return;

  const auto read = [&source](auto on_part) { source.read(std::move(on_part)); };
  for (std::uint64_t sent = 0; sent < **length;) {
    const auto part = co_await wait_for<std::string>(state, read, state.settings.part_timeout);
    if (!part || part->empty() || state.is_closed) co_return;
    stream.expires_after(state.settings.part_timeout);
    const auto bytes = asio::buffer(*part);
    const auto [error, count] = co_await asio::async_write(stream, bytes, kAsTuple);
    if (error) co_return;
    sent += count;
  }
}

/// Reads the request and returns its response, or nothing if the connection or the server is
/// closed.
template <class Stream>
asio::awaitable<std::optional<ServerResponse>> BeastServer::State::answer(State& state,
                                                                          Stream& stream,
                                                                          Client& client) {
  boost::beast::flat_buffer buffer(state.settings.head_bytes);
  Parser parser;
  parser.header_limit(static_cast<std::uint32_t>(state.settings.head_bytes));
  parser.body_limit(state.settings.body_bytes);
  stream.expires_after(state.settings.exchange_timeout);
  const auto [head_error, head_bytes] =
      co_await http::async_read_header(stream, buffer, parser, kAsTuple);
  if (state.is_closed) co_return std::nullopt;
  client.asks_for_head = !head_error && parser.get().method() == http::verb::head;
  if (client.state == Client::State::refused) co_return plain_response(503, kFull);
  if (head_error) co_return refusal_of(head_error);
  if (client.audience == Audience::anybody) {
    if (auto refusal = refusal_for_stranger(state, parser.get())) co_return refusal;
  }

  ServerRequest request = request_of(parser.get(), client.audience);
  const auto found = state.router.find(request);
  if (const auto* refusal = std::get_if<ServerResponse>(&found)) co_return *refusal;
  if (parser.get().method() == http::verb::post) {
    const auto [body_error, body_bytes] =
        co_await http::async_read(stream, buffer, parser, kAsTuple);
    if (state.is_closed) co_return std::nullopt;
    if (client.state == Client::State::refused) co_return plain_response(503, kFull);
    if (body_error) co_return refusal_of(body_error);
    request.body = std::move(parser.get().body());
  }
  client.state = Client::State::answering;
  const RouteHandler& handler = *std::get<const RouteHandler*>(found);
  co_return co_await ask(state, handler, request);
}

/// Returns the response to a client of TCP that may not ask, or nothing.
std::optional<ServerResponse> BeastServer::State::refusal_for_stranger(
    const State& state, const Parser::value_type& head) {
  const auto& authorizes = state.settings.authorizes;
  if (!authorizes) {
    if (calls_this_host(head, state.settings.host_names)) return std::nullopt;
    return plain_response(421, kOtherHost);
  }
  const auto field = head[http::field::authorization];
  const bool is_single = head.count(http::field::authorization) == 1;
  if (authorizes(is_single ? std::string_view(field.data(), field.size()) : ""))
    return std::nullopt;
  auto refusal = plain_response(401, "unauthorized");
  refusal.authenticate = "Basic realm=\"attestrd\"";
  return refusal;
}

asio::awaitable<ServerResponse> BeastServer::State::ask(State& state, const RouteHandler& handler,
                                                        const ServerRequest& request) {
  const auto begin = [&](auto respond) { handler(request, std::move(respond)); };
  auto answer = co_await wait_for<ServerResponse>(state, begin, state.settings.answer_timeout);
  if (answer) co_return std::move(*answer);
  co_return plain_response(503, state.settings.too_late);
}

/// Passes `begin` a function that takes the answer, and waits for it. Returns nothing if it does
/// not come in time, or if the server is closed.
template <class Answer, class Begin>
asio::awaitable<std::optional<Answer>> BeastServer::State::wait_for(
    State& state, Begin begin, std::chrono::milliseconds patience) {
  const auto executor = co_await asio::this_coro::executor;
  const auto ticket = std::make_shared<Ticket<Answer>>(executor, patience);
  const auto place = state.waits.insert(state.waits.end(), ticket);
  begin([ticket](Answer answer) {
    ticket->answer = std::move(answer);
    ticket->ready.cancel();
  });
  if (!ticket->answer) co_await ticket->ready.async_wait(kAsTuple);
  state.waits.erase(place);
  co_return std::move(ticket->answer);
}

/// Returns whether another client may be served. A local client, or one of a server that authorizes
/// its clients, always may while another one has not sent its whole request yet: the oldest of
/// these is refused in its place, so that idle and slow connections can't lock out others.
bool BeastServer::State::has_place(Audience audience) {
  const auto served =
      clients_of(audience, Client::State::reading) + clients_of(audience, Client::State::answering);
  if (served < settings.clients) return true;
  if (audience != Audience::local && !settings.authorizes) return false;
  const auto is_idle = [audience](const Client& client) {
    return client.audience == audience && client.state == Client::State::reading;
  };
  const auto idle = std::ranges::find_if(clients, is_idle);
  if (idle == clients.end()) return false;
  idle->state = Client::State::refused;
  idle->stop_reading();
  return true;
}

std::size_t BeastServer::State::clients_of(Audience audience, Client::State client_state) const {
  const auto count = std::ranges::count_if(clients, [=](const Client& client) {
    return client.audience == audience && client.state == client_state;
  });
  return static_cast<std::size_t>(count);
}

void BeastServer::State::stop_listening(Audience audience) {
  for (const auto& listener : listeners)
    if (listener.audience == audience) listener.close();
  std::erase_if(listeners, [=](const Listener& each) { return each.audience == audience; });
}

void BeastServer::State::close() {
  is_closed = true;
  for (const auto& listener : listeners) listener.close();
  for (const auto& wait : waits) wait->ready.cancel();
  for (const auto& client : clients) client.drop();
}

BeastServer::BeastServer(asio::io_context& loop, Router router, ServerSettings settings)
    : state_(std::make_shared<State>(loop, std::move(router), std::move(settings))) {}

BeastServer::~BeastServer() {
  if (state_) state_->close();
}

void BeastServer::serve(Local::acceptor acceptor) {
  State::listen(state_, std::move(acceptor), Audience::local);
}

void BeastServer::stop_serving(Audience audience) { state_->stop_listening(audience); }

void BeastServer::serve(tcp::acceptor acceptor) {
  State::listen(state_, std::move(acceptor), Audience::anybody);
}

void BeastServer::serve(tcp::acceptor acceptor, std::shared_ptr<asio::ssl::context> tls) {
  State::listen(state_, std::move(acceptor), Audience::anybody, std::move(tls));
}

}  // namespace attestrd
