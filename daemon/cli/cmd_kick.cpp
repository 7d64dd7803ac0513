#include <fmt/format.h>
#include <sysexits.h>

#include <cstdio>
#include <iostream>
#include <string>
#include <vector>

#include "base/escape.h"
#include "daemon/cli/command_table.h"
#include "daemon/cli/control_client.h"
#include "daemon/config/config.h"
#include "daemon/log/exit_code.h"
#include "handshake/handshake_id.h"

namespace attestrd {
namespace {

/// Returns the ids from the arguments, or from stdin, one per line.
std::vector<std::string> ids_of(const Given& given) {
  if (given.operands != std::vector<std::string>{"-"}) return given.operands;
  std::vector<std::string> ids;
  for (std::string line; std::getline(std::cin, line);)
    if (!line.empty()) ids.push_back(line);
  return ids;  // Empty if stdin holds no id or can't be read.
}

bool are_ids(const std::vector<std::string>& ids) {
  bool are_good = true;
  for (const auto& id : ids) {
    if (HandshakeId::parse(id)) continue;
    fmt::print(stderr, "'{}': is no handshake id: 1 to 64 letters, digits, '_' and '-'\n",
               escaped(id, kPrintableEscapes));
    are_good = false;
  }
  return are_good;
}

/// Sends one part of the ids and prints the answer. Returns whether all of them are pending.
Result<bool> kick(const Config& config, std::string_view accept, std::string_view lines) {
  const auto answer = post_to_daemon(config.admin.socket, "/kick", accept, lines);
  if (!answer && answer.error().code == Errc::not_found)
    return fail(Errc::unavailable, answer.error().message);
  if (!answer) return answer.error();
  fmt::print("{}", answer->body);
  return answer->is_found;
}

}  // namespace

int cmd_kick(const Given& given) {
  const auto ids = ids_of(given);
  if (ids.empty()) return exit_with(fail(Errc::invalid_input, "stdin holds no id"));
  if (!are_ids(ids)) return exit_with(fail(Errc::invalid_input, "nothing was polled"));
  const auto config = load_config(given.config_file, {"admin"});
  if (!config) return exit_with(config.error());
  if (config->admin.socket.empty())
    return exit_with(fail(Errc::unavailable, "admin.socket is empty: the daemon can't be asked"));
  bool are_pending = true;
  for (std::size_t first = 0; first < ids.size(); first += kIdsPerRequest) {
    const auto kicked = kick(*config, given.has("--json") ? "application/json" : "text/plain",
                             id_lines(ids, first, kIdsPerRequest));
    if (!kicked) return exit_with(kicked.error());
    are_pending &= *kicked;
  }
  return are_pending ? EX_OK : EX_UNAVAILABLE;
}

}  // namespace attestrd
