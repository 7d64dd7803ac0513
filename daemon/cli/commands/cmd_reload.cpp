#include <fmt/format.h>
#include <sysexits.h>

#include <cstdio>

#include "daemon/cli/command_table.h"
#include "daemon/cli/control_client.h"
#include "daemon/config/config.h"
#include "daemon/log/exit_code.h"

namespace attestrd {

int cmd_reload(const Given& given) {
  const auto config = load_config(given.config_file, {"admin"});
  if (!config) return exit_with(config.error());
  if (config->admin.socket.empty())
    return exit_with(fail(Errc::unavailable, "admin.socket is empty: the daemon can't be asked"));
  const bool as_json = given.has("--json");
  const auto answer = post_to_daemon(config->admin.socket, "/reload",
                                     as_json ? "application/json" : "text/plain", "");
  if (!answer && answer.error().code == Errc::not_found)
    return exit_with(fail(Errc::unavailable, answer.error().message));
  if (!answer) return exit_with(answer.error());
  fmt::print(answer->is_found || as_json ? stdout : stderr, "{}", answer->body);
  return answer->is_found ? EX_OK : EX_CONFIG;
}

}  // namespace attestrd
