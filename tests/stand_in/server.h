#pragma once

#include "attestr.h"

#include <cstdint>
#include <functional>
#include <string>

namespace attestrd::simulator {

class Ledger;
struct Entry;

struct ServerSettings {
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;  ///< 0: any free port.
  std::string cert_file = "cert.pem";
  std::string key_file = "key.pem";
  bool tls_1_2_only = false;
  std::uint64_t seed = 1;  ///< Seed of the latency.
  double latency_ms = 0;
  double latency_jitter_ms = 0;
  double slow_s = 2;
  double hang_s = 120;
};

/// Serves until SIGTERM or SIGINT. Calls `ready` with the port, and `log` with each request once it
/// has been answered. Throws std::runtime_error if it can't listen or can't use the certificate or
/// key, and the exceptions of `log`.
void serve(const ServerSettings& settings, Attestr& attestr, Ledger& ledger,
           const std::function<void(std::uint16_t)>& ready,
           const std::function<void(const Entry&)>& log);

}  // namespace attestrd::simulator
