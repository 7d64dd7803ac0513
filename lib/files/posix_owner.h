#pragma once

#include <filesystem>

#include "base/result.h"

namespace attestrd {

/// If root runs the process, becomes the user who owns the folder. Otherwise files and locks of
/// root would be left, which would keep the service of that user from its next start.
Result<void> become_owner_of(const std::filesystem::path& folder);

}  // namespace attestrd
