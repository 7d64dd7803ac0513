#include "daemon/service/notify.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <system_error>

namespace attestrd {
namespace {

/// systemd compares MONOTONIC_USEC with CLOCK_MONOTONIC and no other clock.
std::int64_t monotonic_us() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return std::int64_t{now.tv_sec} * 1'000'000 + now.tv_nsec / 1'000;
}

/// Returns the number in a variable of the environment, or nothing if it holds none.
std::optional<std::int64_t> number_of(const char* variable) {
  const char* const value = std::getenv(variable);
  if (value == nullptr) return std::nullopt;
  const std::string_view text(value);
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace

void Notifier::ready() {
  if (is_stopping_) return;
  unsent_.emplace_back("READY=1");
  send_unsent();
}

void Notifier::stopping() {
  is_stopping_ = true;
  unsent_ = {"STOPPING=1"};
  send_unsent();
}

void Notifier::extend_start(Duration time) {
  static_cast<void>(send(fmt::format("EXTEND_TIMEOUT_USEC={}", time.count())));
}

void Notifier::reloading() {
  if (is_stopping_) return;
  // Both must be in one datagram: systemd accepts neither without the other.
  unsent_ = {fmt::format("RELOADING=1\nMONOTONIC_USEC={}", monotonic_us())};
  send_unsent();
}

void Notifier::status(const std::string& text) {
  status_ = text;
  send_unsent();
}

void Notifier::feed_watchdog() { send("WATCHDOG=1"); }

void Notifier::send_unsent() {
  while (!unsent_.empty() && send(unsent_.front())) unsent_.erase(unsent_.begin());
  if (unsent_.empty() && status_ != sent_status_ && send("STATUS=" + status_))
    sent_status_ = status_;
}

/// Returns false if the state can't be sent now. Without a receiver nothing is ever left to send.
bool Notifier::send(const std::string& state) {
  const char* const path = std::getenv("NOTIFY_SOCKET");
  if (path == nullptr) return true;
  const std::string_view name(path);
  sockaddr_un address{};
  if (name.empty() || name.size() >= sizeof(address.sun_path)) return true;
  address.sun_family = AF_UNIX;
  std::ranges::copy(name, address.sun_path);
  if (name.front() == '@') address.sun_path[0] = '\0';  // An abstract address: unix(7).
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
  if (socket_.get() < 0) socket_ = Descriptor(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  return ::sendto(socket_.get(), state.data(), state.size(), MSG_DONTWAIT | MSG_NOSIGNAL,
                  reinterpret_cast<const sockaddr*>(&address), length) >= 0;
}

std::optional<Duration> Notifier::watchdog_interval() const {
  const auto pid = number_of("WATCHDOG_PID");
  const auto timeout_us = number_of("WATCHDOG_USEC");
  if ((pid && *pid != ::getpid()) || !timeout_us || *timeout_us <= 0) return std::nullopt;
  return Duration(*timeout_us / 2);
}

}  // namespace attestrd
