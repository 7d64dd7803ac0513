#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace attestrd {

/// Sends GET `target` to the daemon on the control socket and returns the body of the answer.
/// Errors: `not_found` when no process listens there, `permission_denied` when this user may not
/// connect, `unavailable` when the daemon does not answer within a few seconds or when the status
/// is not 200.
Result<std::string> ask_daemon(const std::filesystem::path& socket, std::string_view target,
                               std::string_view accept);

/// An answer that may be negative. Each function defines the status for which `is_found` is false.
struct DaemonAnswer {
  bool is_found = true;
  std::string body;
  std::string next{};  ///< The target of the next page; empty: there is none.
};

/// Does the same as ask_daemon, but accepts 404 as a negative answer: the daemon does not know the
/// object that `target` names.
Result<DaemonAnswer> ask_daemon_about(const std::filesystem::path& socket, std::string_view target,
                                      std::string_view accept);

/// Sends GET `target`, whose answer is a part of a longer one for programs: `next` is the target of
/// the next part. The errors are those of ask_daemon; `unavailable` also if the daemon does not
/// know the target.
Result<DaemonAnswer> ask_daemon_page(const std::filesystem::path& socket, std::string_view target);

/// Sends POST `target` with `body`. The errors are those of ask_daemon, but 409 is a negative
/// answer: a part of the request could not be carried out.
Result<DaemonAnswer> post_to_daemon(const std::filesystem::path& socket, std::string_view target,
                                    std::string_view accept, std::string_view body);

/// Does the same as post_to_daemon, for an answer that may take minutes.
Result<DaemonAnswer> post_and_wait(const std::filesystem::path& socket, std::string_view target,
                                   std::string_view accept, std::string_view body);

/// Sends POST `target` and passes the body of the answer on in parts, whatever its length. The
/// errors are those of ask_daemon, and those of `on_part`; `unavailable` also when the body is not
/// complete. The daemon may take minutes before the first part.
Result<void> download_from_daemon(const std::filesystem::path& socket, std::string_view target,
                                  const std::function<Result<void>(std::string_view)>& on_part);

/// Makes one of these requests for a command that needs a running daemon: the error is
/// `unavailable` also if there is no control socket, or no process listens there.
template <class Ask>
auto ask_running_daemon(const std::filesystem::path& socket, Ask ask) -> decltype(ask()) {
  if (socket.empty())
    return fail(Errc::unavailable, "admin.socket is empty: the daemon can't be asked");
  auto answer = ask();
  if (!answer && answer.error().code == Errc::not_found)
    return fail(Errc::unavailable, answer.error().message);
  return answer;
}

}  // namespace attestrd
