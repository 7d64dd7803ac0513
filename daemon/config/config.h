#pragma once

#include <boost/asio/ip/tcp.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "log/notice.h"
#include "daemon/log/log_line.h"
#include "http/endpoint.h"
#include "schedule/cadence.h"
#include "verify/verifier.h"

namespace attestrd {

/// The configuration file, read, checked, and with its defaults filled in: the values here are the
/// defaults. What each setting means stands in config/attestrd.toml. Paths are absolute, or empty
/// where the setting may be.
struct Config {
  struct Api {
    Endpoint url{"api.attestr.com"};
    std::string version = "v1";
    std::string auth_token_file = "auth-token";        ///< As written: see secrets.h.
    std::string client_secret_file = "client-secret";  ///< Likewise.
    std::filesystem::path ca_file;                     ///< Empty: the system's trust store.
    std::uint32_t connections = 32;
    double requests_per_second = 20.0;  ///< 0: no limit.
    std::uint32_t daily_requests = 0;   ///< 0: no limit.
    Duration connect_timeout = std::chrono::seconds(5);
    Duration request_timeout = std::chrono::seconds(30);
    std::size_t max_response_bytes = std::size_t{16} << 20;
    bool operator==(const Api&) const = default;
  };

  struct Signature {
    SigningFormPolicy form = SigningFormPolicy::automatic;
    std::uint32_t signature_attempts = 3;
    bool operator==(const Signature&) const = default;
  };

  struct Poll {
    CadenceKind cadence = CadenceKind::adaptive;
    Duration min_interval = std::chrono::seconds(2);
    Duration max_interval = std::chrono::minutes(30);
    double backoff_factor = 1.6;
    Duration give_up_after = std::chrono::hours(25);
    Duration expiry_grace = std::chrono::minutes(10);
    Duration unknown_grace = std::chrono::minutes(10);
    Duration shutdown_grace = std::chrono::seconds(5);
    bool operator==(const Poll&) const = default;
  };

  struct Paths {
    std::filesystem::path inbox = "/var/spool/attestrd/inbox";
    std::filesystem::path queue = "/var/lib/attestrd/queue.db";
    std::filesystem::path spool = "/var/spool/attestrd";
    std::uint32_t tombstone_days = 400;
    bool operator==(const Paths&) const = default;
  };

  struct Log {
    Level level = Level::info;
    LogFormat format = LogFormat::json;
    bool operator==(const Log&) const = default;
  };

  struct Admin {
    std::optional<boost::asio::ip::tcp::endpoint> listen;
    std::filesystem::path socket = "/run/attestrd/control.sock";  ///< Empty: none.
    bool operator==(const Admin&) const = default;
  };

  Api api;
  Signature signature;
  Poll poll;
  Paths paths;
  Log log;
  Admin admin;
  std::filesystem::path folder;  ///< Of the configuration file: relative paths begin here.

  bool operator==(const Config&) const = default;
};

/// The lock that whoever opens the queue holds, for as long as the process lives.
std::filesystem::path queue_lock_file(const Config& config);

inline constexpr std::string_view kDefaultConfigFile = "/etc/attestrd/attestrd.toml";

/// Reads a configuration file. The error (`invalid_config`) names every fault of the file, a line
/// each, as `FILE:LINE: what is wrong and what was meant`.
Result<Config> load_config(const std::filesystem::path& file);

/// The same for a text that stands for the contents of `file`.
Result<Config> parse_config(std::string_view text, const std::filesystem::path& file);

}  // namespace attestrd
