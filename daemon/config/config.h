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

/// The configuration file, read, checked, and with its defaults filled in. settings.def declares
/// each setting with its default; config/attestrd.toml says what each means. Paths are absolute, or
/// empty where the setting may be. The names of secret files stand as written: see secrets.h. An
/// empty `api.ca_file` stands for the system's trust store, an empty `admin.socket` for none.
struct Config {
#define SECTION(Type, section) struct Type {
#define SETTING(section, type, member, default_value, ...) type member = default_value;
#define SECTION_END(Type, section)              \
  bool operator==(const Type&) const = default; \
  }                                             \
  ;                                             \
  Type section;
#include "daemon/config/settings.def"

  std::filesystem::path folder;  ///< Of the configuration file: relative paths begin here.

  bool operator==(const Config&) const = default;
};

/// The lock that a process holds as long as it has the queue open.
std::filesystem::path queue_lock_file(const Config& config);

inline constexpr std::string_view kDefaultConfigFile = "/etc/attestrd/attestrd.toml";

/// Reads a configuration file. The error (`invalid_config`) names every fault of the file, a line
/// each, as `FILE:LINE: what is wrong and what was meant`.
Result<Config> load_config(const std::filesystem::path& file);

/// The same for a text that stands for the contents of `file`.
Result<Config> parse_config(std::string_view text, const std::filesystem::path& file);

/// Whether a running daemon can change from one to the other. The error (`invalid_config`) is for a
/// setting that only a restart applies.
Result<void> check_reload(const Config& before, const Config& after);

}  // namespace attestrd
