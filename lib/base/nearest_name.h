#pragma once

#include <span>
#include <string_view>

namespace attestrd {

/// Returns the name in `names` with the least edit distance to `typed` (insertions, deletions,
/// substitutions and swaps of neighbours), for "did you mean"; empty if none is near.
std::string_view nearest_name(std::string_view typed, std::span<const std::string_view> names);

}  // namespace attestrd
