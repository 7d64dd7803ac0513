#pragma once

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <functional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "base/check.h"
#include "io/temporary_folder.h"

namespace attestrd::test {

/// A proxy between a client and the unix socket of PostgreSQL, which passes on everything until it
/// is armed. One connection at a time passes through it.
class CuttingProxy {
 public:
  enum class Cut {
    none,
    before_commit,  ///< Closes both connections in the place of the bytes that contain COMMIT.
    after_commit,   ///< Passes them on, and closes both once the server has answered them.
    hang,           ///< Passes them on, and never passes on the answer.
    late_commit,    ///< Keeps them until release(), although the client closes its connection.
    meanwhile,      ///< Passes them on once the function of do_before_commit() has returned.
  };

  /// `server` is the path of the server's socket.
  explicit CuttingProxy(std::string server)
      : server_(std::move(server)), listener_(open_socket()), thread_([this] { serve(); }) {}

  ~CuttingProxy() {
    is_ending_ = true;
    thread_.join();
    if (late_ >= 0) ::close(late_);
    ::close(listener_);
  }
  CuttingProxy(const CuttingProxy&) = delete;
  CuttingProxy& operator=(const CuttingProxy&) = delete;

  std::string uri() const {
    return "postgresql://attestrd@/attestrd?host=" + folder_.path().string() + "&port=1";
  }

  /// The next transaction that is committed is cut.
  void arm(Cut cut) { cut_ = cut; }
  /// Has the next transaction wait for a function before its last pipeline.
  void do_before_commit(std::function<void()> act) {
    act_ = std::move(act);
    arm(Cut::meanwhile);
  }
  bool has_cut() const { return has_cut_.exchange(false); }

  /// Sends the bytes that `late_commit` has kept, and returns once the server has answered.
  void release() {
    ATTESTRD_CHECK(late_ >= 0);
    send_all(late_, kept_);
    std::array<char, 65536> answer;
    pollfd ready{late_, POLLIN, 0};
    ATTESTRD_CHECK(::poll(&ready, 1, 20'000) == 1);
    static_cast<void>(::recv(late_, answer.data(), answer.size(), 0));
    ::close(std::exchange(late_, -1));
  }

 private:
  static sockaddr_un address_of(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    ATTESTRD_CHECK(path.size() < sizeof address.sun_path);
    path.copy(address.sun_path, path.size());
    return address;
  }

  int open_socket() const {
    const auto address = address_of(folder_.path(".s.PGSQL.1").string());
    const int listener = ::socket(AF_UNIX, SOCK_STREAM, 0);
    ATTESTRD_CHECK(::bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address) ==
                   0);
    ATTESTRD_CHECK(::listen(listener, 8) == 0);
    return listener;
  }

  static void send_all(int socket, std::string_view bytes) {
    while (!bytes.empty()) {
      const auto sent = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
  }

  void serve() {
    while (!is_ending_) {
      pollfd ready{listener_, POLLIN, 0};
      if (::poll(&ready, 1, 20) != 1) continue;
      const int client = ::accept(listener_, nullptr, nullptr);
      const int server = ::socket(AF_UNIX, SOCK_STREAM, 0);
      const auto address = address_of(server_);
      if (::connect(server, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0)
        pass(client, server);
      ::close(client);
      if (late_ != server) ::close(server);
    }
  }

  /// Passes bytes on in both directions until a side closes, or the connection is cut.
  void pass(int client, int server) {
    std::array<char, 65536> bytes;
    Cut struck = Cut::none;
    while (!is_ending_) {
      pollfd ready[] = {{client, POLLIN, 0}, {server, POLLIN, 0}};
      if (::poll(ready, 2, 20) <= 0) continue;
      for (int from = 0; from < 2; ++from) {
        if (ready[from].revents == 0) continue;
        const auto got = ::recv(ready[from].fd, bytes.data(), bytes.size(), 0);
        if (got <= 0) return;
        const std::string_view part(bytes.data(), static_cast<std::size_t>(got));
        if (from == 0 && part.find("COMMIT") != std::string_view::npos &&
            part.find("BEGIN") == std::string_view::npos && cut_ != Cut::none) {
          struck = cut_.exchange(Cut::none);
          has_cut_ = true;
          if (struck == Cut::before_commit) return;
          if (struck == Cut::meanwhile) act_();
          if (struck == Cut::late_commit) {
            kept_ = part;
            late_ = server;
            return;
          }
        }
        if (from == 1 && struck == Cut::after_commit) return;
        if (from == 1 && struck == Cut::hang) continue;
        send_all(ready[1 - from].fd, part);
      }
    }
  }

  TemporaryFolder folder_;
  std::string server_;
  std::atomic<Cut> cut_ = Cut::none;
  mutable std::atomic<bool> has_cut_ = false;
  std::atomic<bool> is_ending_ = false;
  std::function<void()> act_;
  std::string kept_;
  int late_ = -1;
  int listener_;
  std::thread thread_;
};

}  // namespace attestrd::test
