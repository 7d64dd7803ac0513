#pragma once

#include <sys/epoll.h>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include <array>
#include <chrono>
#include <memory>

#include "base/handler_memory.h"

namespace attestrd {

/// Tells which of many sockets are ready. Asio arms a socket anew for each wait, with a system
/// call; here each is armed once, in an epoll set of our own that Asio watches as one descriptor.
/// So a poll costs one write and one read, and a busy loop asks for many sockets at once: at load
/// it lets some gather before it looks again.
/// Level-triggered: what was left unread is told again. While it holds no socket it keeps no event
/// loop alive.
class HttpsReadiness : public std::enable_shared_from_this<HttpsReadiness> {
 public:
  class Listener {
   public:
    /// Returns whether there was anything to do.
    virtual bool on_ready() = 0;

   protected:
    ~Listener() = default;
  };

  explicit HttpsReadiness(const boost::asio::any_io_executor& executor);

  /// From now on `listener` hears when `socket` can be read, or has failed.
  void add(int socket, Listener& listener);
  /// And when it can be written, if `wanted`.
  void want_write(int socket, Listener& listener, bool wanted);
  /// Before the socket is closed. May be called from within on_ready().
  void remove(int socket, const Listener& listener);

 private:
  static constexpr std::size_t kEvents = 64;

  void wait();
  void tell();

  boost::asio::posix::stream_descriptor epoll_;
  std::array<epoll_event, kEvents> events_{};
  int told_ = 0;   // Of events_.
  int ready_ = 0;  // In events_.
  std::chrono::steady_clock::time_point last_told_{};
  std::size_t sockets_ = 0;
  bool is_waiting_ = false;
  HandlerMemory<> memory_;
};

}  // namespace attestrd
