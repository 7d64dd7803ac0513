#pragma once

#include <boost/asio/io_context.hpp>

#include <string>
#include <utility>

#include "base/result.h"
#include "daemon/config/config.h"
#include "http/beast_server.h"
#include "http/router.h"

namespace attestrd {

/// Serves the routes on the unix socket `admin.socket` (0660) and on the TCP address
/// `admin.listen`.
class ControlServer {
 public:
  /// Listens on what `admin` names, which may be nothing. A socket file that nobody answers is left
  /// over from a crash, and replaced. Errors: `unavailable` when another process answers there or
  /// the address is in use, `invalid_config` when the path is too long or names something else.
  static Result<ControlServer> open(boost::asio::io_context& loop, const Config::Admin& admin,
                                    Router routes);

  ControlServer(ControlServer&&) noexcept = default;
  ControlServer& operator=(ControlServer&&) = delete;

  /// Drops the clients and removes the socket file.
  ~ControlServer() = default;

 private:
  /// The name of the unix socket, removed at the end.
  class SocketFile {
   public:
    SocketFile() = default;
    SocketFile(SocketFile&& other) noexcept : path_(std::exchange(other.path_, {})) {}
    SocketFile& operator=(SocketFile&&) = delete;
    ~SocketFile();

    void own(std::string path) { path_ = std::move(path); }

   private:
    std::string path_;  ///< Empty: none.
  };

  ControlServer(boost::asio::io_context& loop, Router routes);

  // Destroyed in reverse order: the server has closed its sockets when the file is removed.
  SocketFile socket_file_;
  BeastServer server_;
};

}  // namespace attestrd
