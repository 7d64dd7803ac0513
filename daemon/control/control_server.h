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
  /// Listens on the socket and the address in `admin`; either may be absent. A socket file on which
  /// no process answers is left over from a crash and is replaced. Errors: `unavailable` when
  /// another process answers there or the address is in use, `invalid_config` when the path is too
  /// long or does not name a socket.
  static Result<ControlServer> open(boost::asio::io_context& loop, const Config::Admin& admin,
                                    Router routes);

  ControlServer(ControlServer&&) noexcept = default;
  ControlServer& operator=(ControlServer&&) = delete;

  /// Drops the clients and removes the socket file.
  ~ControlServer() = default;

 private:
  /// The file of the unix socket; the destructor removes it.
  class SocketFile {
   public:
    SocketFile() = default;
    SocketFile(SocketFile&& other) noexcept : path_(std::exchange(other.path_, {})) {}
    SocketFile& operator=(SocketFile&&) = delete;
    ~SocketFile();

    void own(std::string path) { path_ = std::move(path); }

   private:
    std::string path_;  ///< Empty if there is no file.
  };

  ControlServer(boost::asio::io_context& loop, Router routes);

  // Members are destroyed in reverse order: the server closes its sockets before the file is
  // removed.
  SocketFile socket_file_;
  BeastServer server_;
};

}  // namespace attestrd
