#pragma once

#include <filesystem>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "crypto/secret.h"
#include "daemon/config/config.h"

namespace attestrd {

// Secrets come from files, never from the command line or the environment. A file is taken only if
// it is plain, at most 4 KiB, and closed to others (no permission bits for them; those of files in
// $CREDENTIALS_DIRECTORY are systemd's to set). Errors are `invalid_config`, name the file, and
// quote nothing of it.

/// The token for `Authorization: Basic`: the one line of the file.
Result<Secret> read_auth_token(const Config& config);

/// The client secrets, one a line, the current one first; blank lines are skipped. Never empty.
Result<std::vector<Secret>> read_client_secrets(const Config& config);

struct Secrets {
  Secret auth_token;
  std::vector<Secret> client_secrets;
};

/// Both. The error tells of both files, a line each.
Result<Secrets> read_secrets(const Config& config);

/// Where the name of a secret in the configuration leads: a bare name to $CREDENTIALS_DIRECTORY if
/// it is there, else beside the configuration file; a path is relative to that folder.
std::filesystem::path locate_secret(std::string_view name, const std::filesystem::path& folder);

}  // namespace attestrd
