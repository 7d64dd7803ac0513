#pragma once

#include <filesystem>

#include "base/result.h"
#include "files/posix_calls.h"

namespace attestrd {

/// Opens the file of the log to append lines to it; creates it with the mode 0640 if it is missing.
/// With an empty path, returns a duplicate of stdout. May block on a slow disk. The error is
/// `invalid_config` or `permission_denied`, or `io_failure` if its cause may pass.
Result<Descriptor> open_log(const std::filesystem::path& file);

}  // namespace attestrd
