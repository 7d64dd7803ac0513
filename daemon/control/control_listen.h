#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>

#include <string>
#include <vector>

#include "base/result.h"

namespace attestrd {

/// Listens on a unix socket (mode 0660). A socket file on which no process answers is left over
/// from a crash and is replaced.
Result<boost::asio::local::stream_protocol::acceptor> listen_local(boost::asio::io_context& loop,
                                                                   const std::string& path);

Result<boost::asio::ip::tcp::acceptor> listen_tcp(boost::asio::io_context& loop,
                                                  const boost::asio::ip::tcp::endpoint& endpoint);

/// Returns the name of this host, with and without its domain, after the `others`.
std::vector<std::string> names_of_this_host(std::vector<std::string> others);

}  // namespace attestrd
