#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.h"

namespace attestrd {

/// Asks the daemon behind the control socket: GET `target`, and returns the body of the answer.
/// `not_found` when no process listens there, `permission_denied` when we may not ask,
/// `unavailable` when the daemon does not answer within a few seconds, or with anything but 200.
Result<std::string> ask_daemon(const std::filesystem::path& socket, std::string_view target,
                               std::string_view accept);

/// An answer that may be no.
struct DaemonAnswer {
  bool is_found = true;
  std::string body;
};

/// The same, but 404 is an answer: the daemon does not know what was asked about.
Result<DaemonAnswer> ask_daemon_about(const std::filesystem::path& socket, std::string_view target,
                                      std::string_view accept);

/// POSTs `body`. The errors are those of ask_daemon, but 409 is an answer: not all of it could be
/// done.
Result<DaemonAnswer> post_to_daemon(const std::filesystem::path& socket, std::string_view target,
                                    std::string_view accept, std::string_view body);

}  // namespace attestrd
