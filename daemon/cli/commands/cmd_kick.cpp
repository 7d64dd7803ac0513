#include <fmt/format.h>
#include <sysexits.h>

#include <string_view>

#include "daemon/cli/command_table.h"
#include "daemon/cli/control_client.h"
#include "daemon/cli/id_operands.h"
#include "daemon/config/config.h"
#include "daemon/log/exit_code.h"

namespace attestrd {
namespace {

/// Sends one part of the ids and prints the answer. Returns whether all of them are pending.
Result<bool> kick(const Config& config, std::string_view accept, std::string_view lines) {
  const auto answer = post_to_daemon(config.admin.socket, "/kick", accept, lines);
  if (!answer && answer.error().code == Errc::not_found)
    return fail(Errc::unavailable, answer.error().message);
  if (!answer) return answer.error();
  fmt::print("{}", answer->body);
  return answer->is_found;
}

}  // namespace

int cmd_kick(const Given& given) {
  const auto given_ids = read_ids(given, "nothing was polled");
  if (!given_ids) return exit_with(given_ids.error());
  const auto& ids = *given_ids;
  const auto config = load_config(given.config_file, {"admin"});
  if (!config) return exit_with(config.error());
  if (config->admin.socket.empty())
    return exit_with(fail(Errc::unavailable, "admin.socket is empty: the daemon can't be asked"));
  bool are_pending = true;
  for (std::size_t first = 0; first < ids.size(); first += kIdsPerRequest) {
    const auto kicked = kick(*config, given.has("--json") ? "application/json" : "text/plain",
                             id_lines(ids, first, kIdsPerRequest));
    if (!kicked) return exit_with(kicked.error());
    are_pending &= *kicked;
  }
  return are_pending ? EX_OK : EX_UNAVAILABLE;
}

}  // namespace attestrd
