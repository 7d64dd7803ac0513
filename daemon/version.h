#pragma once

#include <chrono>
#include <string_view>

namespace attestrd {

/// Set by the build, from project() in the top CMakeLists.txt.
inline constexpr std::string_view kVersion = ATTESTRD_VERSION;

/// The date of the release, to be set with each version: a clock that shows an earlier time is
/// wrong.
inline constexpr std::chrono::sys_days kReleaseDate{std::chrono::year{2026} / 11 / 1};

}  // namespace attestrd
