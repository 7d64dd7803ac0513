#include <fmt/format.h>
#include <sysexits.h>

#include <string>
#include <utility>

#include "daemon/cli/command_table.h"
#include "daemon/cli/control_client.h"
#include "daemon/cli/line_requests.h"
#include "daemon/cli/pending_ids.h"
#include "daemon/cli/stored_list.h"
#include "daemon/config/config.h"
#include "daemon/control/list/ages.h"
#include "daemon/log/exit_code.h"

namespace attestrd {
namespace {

/// A table for people or for programs, as the command asks for.
struct Ages {
  AgeColumns columns = AgeColumns::all;
  std::string lines;
};

Result<Ages> read_queue(const Config& config, const Given& given) {
  const auto table = count_stored_ages(config);
  if (!table) return table.error();
  say_no_daemon_runs(config);
  constexpr auto kColumns = AgeColumns::stored;
  return Ages{kColumns, given.has(kJsonFlag.name) ? ages_json(*table, kColumns)
                                                  : ages_text(*table, kColumns)};
}

Result<Ages> ask(const Config& config, const Given& given) {
  if (config.admin.socket.empty()) return read_queue(config, given);
  auto answer = ask_daemon(config.admin.socket, "/ages", accepted_format(given));
  if (answer) return Ages{AgeColumns::all, std::move(*answer)};
  if (answer.error().code != Errc::not_found) return answer.error();
  return read_queue(config, given);
}

}  // namespace

int cmd_ages(const Given& given) {
  const auto config = load_config(given.config_file, {"paths", "admin", "queue", "postgres"});
  if (!config) return exit_with(config.error());
  const auto ages = ask(*config, given);
  if (!ages) return exit_with(ages.error());
  if (!given.has(kJsonFlag.name) && !given.has(kNoHeaderFlag.name))
    fmt::print("{}", ages_header(ages->columns));
  fmt::print("{}", ages->lines);
  return EX_OK;
}

}  // namespace attestrd
