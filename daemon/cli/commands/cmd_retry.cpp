#include <fmt/format.h>
#include <sysexits.h>

#include <string_view>

#include "daemon/cli/command_table.h"
#include "daemon/cli/control_client.h"
#include "daemon/cli/id_operands.h"
#include "daemon/config/config.h"
#include "daemon/log/exit_code.h"

namespace attestrd {

int cmd_retry(const Given& given) {
  const auto ids = read_ids(given, "nothing is polled again");
  if (!ids) return exit_with(ids.error());
  const auto config = load_config(given.config_file, {"admin"});
  if (!config) return exit_with(config.error());
  if (config->admin.socket.empty())
    return exit_with(fail(Errc::unavailable, "admin.socket is empty: the daemon can't be asked"));
  const std::string_view target = given.has("--again") ? "/retry?again" : "/retry";
  const std::string_view accept = given.has("--json") ? "application/json" : "text/plain";
  bool are_reopened = true;
  for (std::size_t first = 0; first < ids->size(); first += kIdsPerRequest) {
    const auto lines = id_lines(*ids, first, kIdsPerRequest);
    const auto answer = post_and_wait(config->admin.socket, target, accept, lines);
    if (!answer && answer.error().code == Errc::not_found)
      return exit_with(fail(Errc::unavailable, answer.error().message));
    if (!answer) return exit_with(answer.error());
    fmt::print("{}", answer->body);
    are_reopened &= answer->is_found;
  }
  return are_reopened ? EX_OK : EX_DATAERR;
}

}  // namespace attestrd
