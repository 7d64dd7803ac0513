#pragma once

#include <string_view>

namespace attestrd {

/// Set by the build, from project() in the top CMakeLists.txt.
inline constexpr std::string_view kVersion = ATTESTRD_VERSION;

}  // namespace attestrd
