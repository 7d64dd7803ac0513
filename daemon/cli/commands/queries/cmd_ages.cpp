#include <fmt/format.h>
#include <sysexits.h>

#include "daemon/cli/command_table.h"
#include "daemon/cli/control_client.h"
#include "daemon/config/config.h"
#include "daemon/control/list/ages.h"
#include "daemon/log/exit_code.h"

namespace attestrd {
namespace {

Result<std::string> ask(const Config& config, std::string_view accept) {
  const auto& socket = config.admin.socket;
  if (socket.empty())
    return fail(Errc::unavailable, "admin.socket is empty: the daemon can't be asked");
  auto answer = ask_daemon(socket, "/ages", accept);
  if (!answer && answer.error().code == Errc::not_found)
    return fail(Errc::unavailable, answer.error().message);
  return answer;
}

}  // namespace

int cmd_ages(const Given& given) {
  const auto config = load_config(given.config_file, {"admin"});
  if (!config) return exit_with(config.error());
  const bool as_json = given.has(kJsonFlag.name);
  const auto answer = ask(*config, as_json ? "application/json" : "text/plain");
  if (!answer) return exit_with(answer.error());
  if (!as_json && !given.has(kNoHeaderFlag.name)) fmt::print("{}", ages_header());
  fmt::print("{}", *answer);
  return EX_OK;
}

}  // namespace attestrd
