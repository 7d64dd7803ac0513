#pragma once

#include <span>
#include <string_view>

namespace attestrd {

/// The one of `names` that `typed` was most likely meant to be, by edit distance (insertions,
/// deletions, substitutions, swaps of neighbours); empty when none is near.
std::string_view nearest_name(std::string_view typed, std::span<const std::string_view> names);

}  // namespace attestrd
