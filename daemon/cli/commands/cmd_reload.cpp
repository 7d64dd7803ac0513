#include <fmt/format.h>
#include <sysexits.h>

#include <cstdio>

#include "daemon/cli/command_table.h"
#include "daemon/cli/control_client.h"
#include "daemon/cli/line_requests.h"
#include "daemon/config/config.h"
#include "daemon/log/exit_code.h"

namespace attestrd {

int cmd_reload(const Given& given) {
  const auto config = load_config(given.config_file, {"admin"});
  if (!config) return exit_with(config.error());
  const bool as_json = given.has("--json");
  const auto& socket = config->admin.socket;
  const auto answer = ask_running_daemon(
      socket, [&] { return post_to_daemon(socket, "/reload", accepted_format(given), ""); });
  if (!answer) return exit_with(answer.error());
  fmt::print(answer->is_found || as_json ? stdout : stderr, "{}", answer->body);
  return answer->is_found ? EX_OK : EX_CONFIG;
}

}  // namespace attestrd
