#include <fmt/format.h>
#include <sysexits.h>

#include "daemon/cli/command_table.h"
#include "daemon/cli/control_client.h"
#include "daemon/cli/line_requests.h"
#include "daemon/config/config.h"
#include "daemon/control/list/ages.h"
#include "daemon/log/exit_code.h"

namespace attestrd {

int cmd_ages(const Given& given) {
  const auto config = load_config(given.config_file, {"admin"});
  if (!config) return exit_with(config.error());
  const bool as_json = given.has(kJsonFlag.name);
  const auto& socket = config->admin.socket;
  const auto answer = ask_running_daemon(
      socket, [&] { return ask_daemon(socket, "/ages", accepted_format(given)); });
  if (!answer) return exit_with(answer.error());
  if (!as_json && !given.has(kNoHeaderFlag.name)) fmt::print("{}", ages_header());
  fmt::print("{}", *answer);
  return EX_OK;
}

}  // namespace attestrd
