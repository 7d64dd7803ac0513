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

/// An answer about something that the daemon may not know.
struct DaemonAnswer {
  bool is_found = true;  ///< Else it said 404.
  std::string body;
};

/// The same, but 404 is an answer.
Result<DaemonAnswer> ask_daemon_about(const std::filesystem::path& socket, std::string_view target,
                                      std::string_view accept);

}  // namespace attestrd
