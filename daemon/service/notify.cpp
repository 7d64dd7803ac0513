#include "daemon/service/notify.h"

#include <fmt/format.h>
#include <systemd/sd-daemon.h>
#include <time.h>

#include <cstdint>

namespace attestrd {
namespace {

/// Sends a state to systemd. The result is ignored: sending fails only if there is no receiver.
void send(const std::string& state) { sd_notify(0, state.c_str()); }

/// systemd compares MONOTONIC_USEC with CLOCK_MONOTONIC and no other clock.
std::int64_t monotonic_us() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return std::int64_t{now.tv_sec} * 1'000'000 + now.tv_nsec / 1'000;
}

}  // namespace

void Notifier::ready() { send("READY=1"); }

void Notifier::stopping() { send("STOPPING=1"); }

void Notifier::reloading() {
  // Both must be in one datagram: systemd accepts neither without the other.
  send(fmt::format("RELOADING=1\nMONOTONIC_USEC={}", monotonic_us()));
}

void Notifier::status(const std::string& text) { send("STATUS=" + text); }

void Notifier::feed_watchdog() { send("WATCHDOG=1"); }

std::optional<Duration> Notifier::watchdog_interval() const {
  std::uint64_t timeout_us = 0;
  if (sd_watchdog_enabled(0, &timeout_us) <= 0) return std::nullopt;
  return Duration(timeout_us / 2);
}

}  // namespace attestrd
