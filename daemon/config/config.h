#pragma once

#include <boost/asio/ip/tcp.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "daemon/log/log_line.h"
#include "files/posix_reader.h"
#include "http/endpoint.h"
#include "ledger/repeats.h"
#include "log/notice.h"
#include "schedule/cadence.h"
#include "verify/verifier.h"

namespace attestrd {

enum class QueueStore : std::uint8_t { sqlite, postgres };

/// The contents of the configuration file, checked and completed with defaults. settings.def
/// declares each setting with its default; config/attestrd.toml explains each one. Paths are
/// absolute, or empty where the setting allows it. The names of secret files are kept as written:
/// see secrets.h. An empty `api.ca_file` means the system's trust store, an empty `admin.socket`
/// means no socket.
struct Config {
#define SECTION(Type, section) struct Type {
#define SETTING(section, type, member, default_value, ...) type member = default_value;
#define SECTION_END(Type, section)              \
  bool operator==(const Type&) const = default; \
  }                                             \
  ;                                             \
  Type section;
#include "daemon/config/settings.def"

  std::filesystem::path folder;  ///< The configuration file's folder; relative paths start here.

  bool operator==(const Config&) const = default;
};

/// Returns the path of the lock file that a process holds while it has the queue open.
std::filesystem::path queue_lock_file(const Config& config);

/// Returns the path of the copy of the queue that a daemon makes for a backup.
std::filesystem::path queue_copy_file(const Config& config);

inline constexpr std::string_view kDefaultConfigFile = "/etc/attestrd/attestrd.toml";

/// The sections of the configuration that a command needs; empty: all. Faults elsewhere are
/// ignored, so that `attestrd submit` works while another section is being edited.
using ConfigSections = std::vector<std::string_view>;

/// Reads and checks a configuration file. The error (`invalid_config`) lists every fault of the
/// file, one per line, as `FILE:LINE: the fault and the likely intention`; it is
/// `permission_denied` or `io_failure` if the file can't be read. A pipe is read too, unless
/// `kinds` forbids that.
Result<Config> load_config(const std::filesystem::path& file, const ConfigSections& needed = {},
                           FileKinds kinds = FileKinds::any);

/// Does the same for `text` in place of the contents of `file`.
Result<Config> parse_config(std::string_view text, const std::filesystem::path& file,
                            const ConfigSections& needed = {});

/// Returns the settings that differ, with their values in `after`, as lines of TOML with the
/// section in the key.
std::vector<std::string> changed_settings(const Config& before, const Config& after);

/// Checks whether a running daemon can change from one configuration to the other. The error
/// (`invalid_config`) reports a changed setting that only a restart applies.
Result<void> check_reload(const Config& before, const Config& after);

}  // namespace attestrd
