#pragma once

#include <string>

namespace attestrd {

/// Describes this program for `attestrd version`: its version and release date, the build, the
/// versions of its formats, and the libraries. The first line is
/// "attestrd " and the version. The libraries are those that are loaded now, except Boost and
/// spdlog: their versions are those of the build.
std::string version_text();

/// Returns the same as one JSON object and a line feed.
std::string version_json();

}  // namespace attestrd
