#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace attestrd {

/// Listens on a unix socket (mode 0660). A socket file on which no process answers is left over
/// from a crash and is replaced.
Result<boost::asio::local::stream_protocol::acceptor> listen_local(boost::asio::io_context& loop,
                                                                   const std::string& path);

/// Listens on a TCP port. `key` is the setting that names it.
Result<boost::asio::ip::tcp::acceptor> listen_tcp(boost::asio::io_context& loop,
                                                  const boost::asio::ip::tcp::endpoint& endpoint,
                                                  std::string_view key);

/// Returns the name of this host, with and without its domain, after the `others`.
std::vector<std::string> names_of_this_host(std::vector<std::string> others);

}  // namespace attestrd
