#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <optional>
#include <string>

#include "http/exchange.h"
#include "http/https_target.h"

namespace attestrd {

/// Asks the proxy behind a connected socket for a tunnel to the server. Returns nothing once the
/// tunnel is open: the next byte that comes is the server's. `name` is that of the proxy for
/// messages. The answer is bounded as any other is (see HttpsResponseReader); its time is the
/// caller's, who closes the socket. Both arguments must live until the end.
boost::asio::awaitable<std::optional<TransportFailure>> open_tunnel(
    boost::asio::ip::tcp::socket& socket, const HttpsTarget& target, std::string name);

}  // namespace attestrd
