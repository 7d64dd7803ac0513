#include <sysexits.h>

#include <string>
#include <vector>

#include "daemon/cli/command_table.h"
#include "daemon/cli/id_operands.h"
#include "daemon/cli/line_requests.h"
#include "daemon/cli/pending_ids.h"
#include "daemon/config/config.h"
#include "daemon/log/exit_code.h"

namespace attestrd {

int cmd_retry(const Given& given) {
  if (!names_handshakes(given, "retry")) return EX_USAGE;
  Result<std::vector<std::string>> ids = std::vector<std::string>();
  if (!given.operands.empty()) ids = read_ids(given, "nothing is polled again");
  if (!ids) return exit_with(ids.error());
  const auto config = load_config(given.config_file, {"admin"});
  if (!config) return exit_with(config.error());
  if (given.operands.empty()) ids = ended_ids_with_tag(*config, given);
  if (!ids) return exit_with(ids.error());
  const LineRoute route{.target = given.has("--again") ? "/retry?again" : "/retry",
                        .accept = accepted_format(given),
                        .takes_minutes = true};
  const auto are_reopened = send_lines(*config, route, *ids);
  if (!are_reopened) return exit_with(are_reopened.error());
  return *are_reopened ? EX_OK : EX_DATAERR;
}

}  // namespace attestrd
