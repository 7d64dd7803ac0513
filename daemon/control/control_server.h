#pragma once

#include <boost/asio/io_context.hpp>

#include <cstdint>
#include <optional>
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

  /// Listens on a new unix socket if the file of the old one is gone or replaced, such as with its
  /// folder. Returns whether it did, or why it can't. To be called at intervals.
  Result<bool> restore_socket();

  ControlServer(ControlServer&&) noexcept = default;
  ControlServer& operator=(ControlServer&&) = delete;

  /// Drops the clients and removes the socket file.
  ~ControlServer() = default;

 private:
  /// The file of the unix socket; the destructor removes it, unless it was replaced.
  class SocketFile {
   public:
    SocketFile() = default;
    SocketFile(SocketFile&& other) noexcept
        : path_(std::exchange(other.path_, {})), identity_(other.identity_) {}
    SocketFile& operator=(SocketFile&&) = delete;
    ~SocketFile();

    void own(std::string path);
    bool is_in_place() const;

   private:
    using Identity = std::pair<std::uint64_t, std::uint64_t>;

    static std::optional<Identity> identity_of(const std::string& path);

    std::string path_;                  ///< Empty if there is no file.
    std::optional<Identity> identity_;  ///< Device and inode.
  };

  ControlServer(boost::asio::io_context& loop, const Config::Admin& admin, Router routes);
  Result<void> listen(const std::string& path);

  boost::asio::io_context* loop_;
  std::string path_;  ///< Of the unix socket; empty if there is none.

  // Members are destroyed in reverse order: the server closes its sockets before the file is
  // removed.
  SocketFile socket_file_;
  BeastServer server_;
};

}  // namespace attestrd
