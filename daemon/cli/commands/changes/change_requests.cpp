#include "daemon/cli/commands/changes/change_requests.h"

#include <fmt/format.h>
#include <sysexits.h>

#include <string>
#include <vector>

#include "daemon/cli/control_client.h"
#include "daemon/cli/id_operands.h"
#include "daemon/cli/line_requests.h"
#include "daemon/cli/pending_ids.h"
#include "daemon/config/config.h"
#include "daemon/log/exit_code.h"

namespace attestrd {

int send_change(const Given& given, std::string_view target) {
  const auto config = load_config(given.config_file, {"admin"});
  if (!config) return exit_with(config.error());
  const auto& socket = config->admin.socket;
  const auto answer = ask_running_daemon(
      socket, [&] { return post_and_wait(socket, target, accepted_format(given), ""); });
  if (!answer) return exit_with(answer.error());
  fmt::print("{}", answer->body);
  return EX_OK;
}

int send_change_of_ids(const Given& given, std::string_view target, std::string_view nothing_done) {
  if (!names_handshakes(given, target.substr(1))) return EX_USAGE;
  Result<std::vector<std::string>> ids = std::vector<std::string>();
  if (!given.operands.empty()) ids = read_ids(given, nothing_done);
  if (!ids) return exit_with(ids.error());
  const auto config = load_config(given.config_file, {"admin"});
  if (!config) return exit_with(config.error());
  if (given.operands.empty()) ids = ids_with_tag(*config, given);
  if (!ids) return exit_with(ids.error());
  const LineRoute route{.target = target, .accept = accepted_format(given), .takes_minutes = true};
  const auto are_changed = send_lines(*config, route, *ids);
  if (!are_changed) return exit_with(are_changed.error());
  return *are_changed ? EX_OK : EX_DATAERR;
}

}  // namespace attestrd
