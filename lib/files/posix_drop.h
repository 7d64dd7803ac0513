#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace attestrd {

/// Drops a new file into a folder, for a user who may create files there but perhaps not list them.
/// The file appears under `name` complete and durable, or not at all: it is written under a hidden
/// name, synced and renamed, and then the rename is made durable.
///
/// Errors: `already_exists` if the folder has the name; `unsafe_file` if the path is a link or no
/// folder; `not_found`, `permission_denied`, `disk_full`, `io_failure`.
Result<void> drop_file(const std::string& folder, const std::string& name,
                       std::string_view contents);

}  // namespace attestrd
