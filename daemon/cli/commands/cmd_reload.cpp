#include <fmt/format.h>
#include <sysexits.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

#include "daemon/cli/command_table.h"
#include "daemon/cli/control_client.h"
#include "daemon/cli/line_requests.h"
#include "daemon/config/config.h"
#include "daemon/log/exit_code.h"

namespace attestrd {
namespace {

/// Returns the control socket that a file with errors seems to name; the usual one if that is the
/// file of the service; else none.
std::filesystem::path socket_in_broken(const std::filesystem::path& file) {
  std::ifstream lines(file);
  bool is_admin = false;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with('[')) is_admin = line.starts_with("[admin]");
    const auto quote = line.find('"');
    if (!is_admin || !line.starts_with("socket") || quote == line.npos) continue;
    const std::filesystem::path socket = line.substr(quote + 1, line.rfind('"') - quote - 1);
    return socket.empty() ? socket : file.parent_path() / socket;
  }
  return file == kDefaultConfigFile ? Config().admin.socket : std::filesystem::path();
}

}  // namespace

int cmd_reload(const Given& given) {
  const auto config = load_config(given.config_file, {"admin"});
  // The daemon says what is wrong with the file, and shows until the next reload that it refuses
  // it.
  const auto socket = config ? config->admin.socket : socket_in_broken(given.config_file);
  const bool as_json = given.has("--json");
  const auto answer = ask_running_daemon(
      socket, [&] { return post_and_wait(socket, "/reload", accepted_format(given), ""); });
  if (!answer) return exit_with(config ? answer.error() : config.error());
  fmt::print(answer->is_found || as_json ? stdout : stderr, "{}", answer->body);
  return answer->is_found ? EX_OK : EX_CONFIG;
}

}  // namespace attestrd
