#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.h"

namespace attestrd {

/// Asks the daemon behind the control socket: GET `target`, and returns the body of the answer.
/// `not_found` when nobody listens there, `permission_denied` when we may not ask, `unavailable`
/// when the daemon does not answer within a few seconds, or with anything but 200.
Result<std::string> ask_daemon(const std::filesystem::path& socket, std::string_view target,
                               std::string_view accept);

}  // namespace attestrd
