#include <csignal>
#include <utility>

#include "daemon/cli/command_table.h"
#include "daemon/config/config.h"
#include "daemon/config/secrets.h"
#include "daemon/log/exit_code.h"
#include "daemon/service/assemble.h"
#include "daemon/service/signals.h"
#include "files/posix_user.h"

namespace attestrd {

int cmd_run(const Given& given) {
  hold_signals();
  // A write to a closed connection or to a closed log then returns an error instead of ending the
  // process.
  std::signal(SIGPIPE, SIG_IGN);
  auto config = load_config(given.config_file);
  if (!config) return exit_with(config.error());
  auto secrets = read_secrets(*config);
  if (!secrets) return exit_with(secrets.error());
  // The secrets are read first: they may be readable by root alone.
  if (auto owner = become_owner_of(config->paths.spool.string()); !owner)
    return exit_with(owner.error());
  return run_daemon(*config, std::move(*secrets), {given.config_file, given.has("--until-empty")});
}

}  // namespace attestrd
