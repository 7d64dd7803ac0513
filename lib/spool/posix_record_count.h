#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"

namespace attestrd {

/// Counts the names in a folder that end with `.json`, up to `most`. Looks at no file. May be
/// called on any thread.
Result<std::uint64_t> count_records(const std::string& folder, std::uint64_t most);

}  // namespace attestrd
