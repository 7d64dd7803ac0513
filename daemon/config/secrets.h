#pragma once

#include <filesystem>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "crypto/secret.h"
#include "daemon/config/config.h"

namespace attestrd {

// Secrets are read from files, never from the command line or the environment. A file is accepted
// only if it is a regular file of at most 4 KiB without permission bits for others (those bits are
// not checked in $CREDENTIALS_DIRECTORY, where systemd sets them). Errors name the file and quote
// nothing of it. They are `invalid_config`, or `io_failure` when the cause may be temporary.

/// Returns the token for `Authorization: Basic`: the only line of the file.
Result<Secret> read_auth_token(const Config& config);

/// Returns the client secrets, one per line of the file, the current one first. Blank lines are
/// skipped. The list is never empty.
Result<std::vector<Secret>> read_client_secrets(const Config& config);

struct Secrets {
  Secret auth_token;
  std::vector<Secret> client_secrets;
};

/// Reads both files. The error describes the faults of both, one per line.
Result<Secrets> read_secrets(const Config& config);

/// Returns whether a secret comes from $CREDENTIALS_DIRECTORY. systemd fills that folder when it
/// starts the daemon, and not at a reload.
bool has_credentials(const Config& config);

/// Returns the path of a secret file that the configuration names. `folder` is the folder of the
/// configuration file. A bare name is searched in $CREDENTIALS_DIRECTORY, then in `folder`; a path
/// is relative to `folder`.
std::filesystem::path locate_secret(std::string_view name, const std::filesystem::path& folder);

}  // namespace attestrd
