#include "http/proxy/https_tunnel.h"

#include <boost/asio/buffer.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <string_view>
#include <utility>

#include "http/https_response_reader.h"
#include "http/https_tls.h"

namespace attestrd {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using Kind = TransportFailure::Kind;
using Progress = HttpsResponseReader::Progress;

/// Returns what the status of an answer without a tunnel means.
std::string refusal(unsigned status, const HttpsTarget& target) {
  constexpr unsigned kUnauthorized = 401;  // Of tinyproxy, for a wrong password.
  constexpr unsigned kProxyAuthenticationRequired = 407;
  const auto code = " (" + std::to_string(status) + ")";
  if (status != kProxyAuthenticationRequired && status != kUnauthorized)
    return "refuses the tunnel to " + host_and_port_of(target.settings.endpoint) + code;
  if (target.settings.proxy_auth) return "does not accept api.proxy_auth_file" + code;
  return "demands a user and a password" + code + "; set api.proxy_auth_file";
}

}  // namespace

asio::awaitable<std::optional<TransportFailure>> open_tunnel(TcpSocket& socket,
                                                             const HttpsTarget& target,
                                                             std::string name) {
  const auto broken = [&name](const error_code& error) {
    const bool is_end = error == asio::error::eof;
    return TransportFailure{Kind::connect,
                            name + (is_end ? " ended the connection before the tunnel was open"
                                           : ": " + error.message())};
  };
  error_code error;
  co_await asio::async_write(socket, asio::buffer(target.tunnel_request),
                             asio::redirect_error(asio::use_awaitable, error));
  if (error) co_return broken(error);

  HttpsResponseReader reader;
  reader.begin_head();
  auto progress = Progress::more;
  while (progress == Progress::more) {
    const auto room = reader.room();
    const auto count = co_await socket.async_read_some(
        asio::buffer(room.data(), room.size()), asio::redirect_error(asio::use_awaitable, error));
    if (error) co_return broken(error);
    progress = reader.commit(count);
  }
  if (progress != Progress::complete) {
    co_return TransportFailure{Kind::proxy,
                               name + ": its answer is refused: " + std::string(reader.fault())};
  }
  const auto status = reader.response().status;
  constexpr unsigned kFirstSuccess = 200, kFirstRedirection = 300, kFirstServerError = 500;
  if (status >= kFirstServerError) {
    co_return TransportFailure{Kind::connect, name + " can't reach " +
                                                  host_and_port_of(target.settings.endpoint) +
                                                  " (" + std::to_string(status) + ")"};
  }
  if (status < kFirstSuccess || status >= kFirstRedirection)
    co_return TransportFailure{Kind::proxy, name + " " + refusal(status, target)};
  // The server waits for the client's first message, so these bytes are the proxy's own.
  if (reader.has_rest())
    co_return TransportFailure{Kind::proxy, name + ": bytes follow its answer"};
  co_return std::nullopt;
}

}  // namespace attestrd
