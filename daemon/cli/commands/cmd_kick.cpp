#include <sysexits.h>

#include "daemon/cli/command_table.h"
#include "daemon/cli/id_operands.h"
#include "daemon/cli/line_requests.h"
#include "daemon/config/config.h"
#include "daemon/log/exit_code.h"

namespace attestrd {

int cmd_kick(const Given& given) {
  const auto ids = read_ids(given, "nothing was polled");
  if (!ids) return exit_with(ids.error());
  const auto config = load_config(given.config_file, {"admin"});
  if (!config) return exit_with(config.error());
  const LineRoute route{.target = "/kick", .accept = accepted_format(given)};
  const auto are_pending = send_lines(*config, route, *ids);
  if (!are_pending) return exit_with(are_pending.error());
  return *are_pending ? EX_OK : EX_UNAVAILABLE;
}

}  // namespace attestrd
