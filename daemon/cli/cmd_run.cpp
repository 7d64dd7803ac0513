#include <fmt/format.h>
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <utility>

#include "daemon/service/assemble.h"
#include "daemon/cli/command_table.h"
#include "daemon/config/config.h"
#include "daemon/service/exit_code.h"
#include "daemon/config/secrets.h"
#include "daemon/service/signals.h"

namespace attestrd {
namespace {

/// If root runs the daemon, becomes the user who owns the folder. Otherwise files and locks of root
/// would be left, which would keep the service of that user from its next start.
Result<void> become_owner_of(const std::filesystem::path& folder) {
  struct stat info {};
  if (::geteuid() != 0 || ::stat(folder.c_str(), &info) != 0 || info.st_uid == 0) return {};
  const passwd* const user = ::getpwuid(info.st_uid);
  const bool has_groups =
      (user ? ::initgroups(user->pw_name, user->pw_gid) : ::setgroups(0, nullptr)) == 0;
  if (has_groups && ::setgid(user ? user->pw_gid : info.st_gid) == 0 && ::setuid(info.st_uid) == 0)
    return {};
  return fail(Errc::permission_denied,
              fmt::format("{}: its owner has the user id {}, and attestrd can't become that user",
                          folder.string(), info.st_uid));
}

}  // namespace

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
  if (auto owner = become_owner_of(config->paths.spool); !owner) return exit_with(owner.error());
  return run_daemon(*config, std::move(*secrets), {given.config_file, given.has("--until-empty")});
}

}  // namespace attestrd
