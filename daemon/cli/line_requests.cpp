#include "daemon/cli/line_requests.h"

#include <fmt/format.h>

#include <algorithm>

#include "daemon/cli/control_client.h"

namespace attestrd {

std::string_view accepted_format(const Given& given) {
  return given.has("--json") ? "application/json" : "text/plain";
}

Result<bool> send_lines(const Config& config, const LineRoute& route,
                        std::span<const std::string> lines) {
  const auto& socket = config.admin.socket;
  if (socket.empty())
    return fail(Errc::unavailable, "admin.socket is empty: the daemon can't be asked");
  const auto post = route.takes_minutes ? post_and_wait : post_to_daemon;
  bool is_positive = true;
  while (!lines.empty()) {
    const auto part = lines.first(std::min(lines.size(), route.most_lines));
    lines = lines.subspan(part.size());
    const auto answer =
        post(socket, route.target, route.accept, fmt::format("{}\n", fmt::join(part, "\n")));
    if (!answer && answer.error().code == Errc::not_found)
      return fail(Errc::unavailable, answer.error().message);
    if (!answer) return answer.error();
    fmt::print(route.out, "{}", answer->body);
    is_positive &= answer->is_found;
  }
  return is_positive;
}

}  // namespace attestrd
