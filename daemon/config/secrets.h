#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "crypto/secret.h"
#include "daemon/config/config.h"

namespace attestrd {

// Secrets are read from files, never from the command line or the environment. A file is accepted
// only if it is a regular file of at most 4 KiB without permission bits for others. Those bits are
// not checked in $CREDENTIALS_DIRECTORY, where systemd sets them, and a file with the mode 0444 is
// accepted on a read-only volume, as container engines make it for secrets. Before a file is read,
// the memory of the process becomes private (keep_memory_private()). Errors name the file and quote
// nothing of it. They are `invalid_config`, `permission_denied`, or `io_failure` when the cause may
// be temporary.

/// Returns the token for `Authorization: Basic`: the only line of the file. A token with a colon is
/// refused: it can't be base64.
Result<Secret> read_auth_token(const Config& config);

/// Returns the client secrets, one per line of the file, the current one first. Blank lines are
/// skipped. A line that begins with `#` is refused: a secret that was commented out must not stay
/// valid. The list is never empty.
Result<std::vector<Secret>> read_client_secrets(const Config& config);

/// Returns `USER:PASSWORD` for the proxy: the only line of the file. `api.proxy_auth_file` must be
/// set.
Result<Secret> read_proxy_auth(const Config& config);

/// Returns the password for the database: the only line of the file. Nothing if
/// `postgres.password_file` is not set.
Result<std::optional<Secret>> read_postgres_password(const Config& config);

/// The secrets of the server of hints.
struct HintSecrets {
  Secret token;                     ///< That clients send after `Basic`.
  std::optional<Secret> tls_key{};  ///< In PEM; absent: no TLS.
};

/// Returns the secrets of the server of hints. `hints.token_file` must be set.
Result<HintSecrets> read_hint_secrets(const Config& config);

/// A file with a secret that looks as if it were written in another format (in quotes, or as
/// `KEY=value`), with a client secret that is short, or with a certificate that is not valid now.
/// It is used as it stands.
struct DoubtfulFile {
  std::string file;
  std::string what;  ///< A sentence about its contents, which quotes nothing of them.

  std::string text() const { return file + ": " + what; }
};

struct Secrets {
  Secret auth_token;
  std::vector<Secret> client_secrets;
  std::vector<DoubtfulFile> doubtful{};
  std::optional<Secret> proxy_auth{};
  std::optional<HintSecrets> hints{};
  std::optional<Secret> postgres_password{};
};

/// Reads all files. The error describes the faults of all, one per line.
Result<Secrets> read_secrets(const Config& config);

/// The files of the secrets, as the configuration names them.
struct SecretNames {
  std::vector<std::string> read;          ///< Read anew by a reload.
  std::vector<std::string> of_start;      ///< systemd passed a copy when it started the daemon, and
                                          ///< passes another only at a restart.
  std::vector<std::string> of_restart{};  ///< Their users keep what was read at the start.
};

SecretNames secret_names(const Config& config);

/// Returns the path of a secret file that the configuration names. `folder` is the folder of the
/// configuration file. A bare name is searched in $CREDENTIALS_DIRECTORY, then in `folder`; a path
/// is relative to `folder`.
std::filesystem::path locate_secret(std::string_view name, const std::filesystem::path& folder);

}  // namespace attestrd
