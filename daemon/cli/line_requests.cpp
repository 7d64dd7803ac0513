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
  const auto post = route.takes_minutes ? post_and_wait : post_to_daemon;
  bool is_positive = true;
  while (!lines.empty()) {
    const auto part = lines.first(std::min(lines.size(), route.most_lines));
    lines = lines.subspan(part.size());
    const auto body = fmt::format("{}\n", fmt::join(part, "\n"));
    const auto answer =
        ask_running_daemon(socket, [&] { return post(socket, route.target, route.accept, body); });
    if (!answer) return answer.error();
    fmt::print(route.out, "{}", answer->body);
    is_positive &= answer->is_found;
  }
  return is_positive;
}

}  // namespace attestrd
