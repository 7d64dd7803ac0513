#include <fmt/format.h>
#include <sysexits.h>

#include <string>
#include <vector>

#include "daemon/cli/command_table.h"
#include "daemon/cli/control_client.h"
#include "daemon/cli/id_operands.h"
#include "daemon/cli/line_requests.h"
#include "daemon/cli/pending_ids.h"
#include "daemon/config/config.h"
#include "daemon/log/exit_code.h"

namespace attestrd {
namespace {

/// Other nodes of a fleet may be waited for.
LineRoute route_of(const Config& config, const Given& given) {
  return {.target = "/kick",
          .accept = accepted_format(given),
          .takes_minutes = config.queue.store == QueueStore::postgres};
}

/// Kicks every handshake of this daemon that waits, one part of the list after the other. Those
/// that have ended meanwhile do not matter.
int kick_all(const Config& config, const Given& given) {
  const ListFilter waiting{.state = ListedState::waiting};
  const auto kick_part = [&](std::string_view part) -> Result<bool> {
    const auto ids = ids_in_list(part);
    if (!ids) return ids.error();
    const auto sent = send_lines(config, route_of(config, given), *ids);
    return sent ? Result<bool>(true) : sent.error();
  };
  const auto done = read_list(config, waiting, ListReach::here, kick_part);
  return done ? EX_OK : exit_with(done.error());
}

int kick_account(const Config& config, const Given& given) {
  const auto& socket = config.admin.socket;
  const auto answer = ask_running_daemon(
      socket, [&] { return post_to_daemon(socket, "/kick/account", accepted_format(given), ""); });
  if (!answer) return exit_with(answer.error());
  fmt::print("{}", answer->body);
  return answer->is_found ? EX_OK : EX_UNAVAILABLE;
}

int kick(const Config& config, const Given& given, const std::vector<std::string>& ids) {
  const auto are_pending = send_lines(config, route_of(config, given), ids);
  if (!are_pending) return exit_with(are_pending.error());
  return *are_pending ? EX_OK : EX_UNAVAILABLE;
}

/// Returns whether the flags and the operands name one group of handshakes, or the account.
bool is_clear(const Given& given) {
  const bool by_id = !given.operands.empty();
  const bool by_tag = given.has(kTagFlag.name);
  const bool all = given.has("--all");
  if (given.has("--account")) return !by_id && !by_tag && !all;
  return by_id ? !by_tag && !all : by_tag || all;
}

}  // namespace

int cmd_kick(const Given& given) {
  if (!is_clear(given)) {
    fmt::print(stderr,
               "attestrd kick: give ids, or --tag, which may be with --all, or --all, or "
               "--account\n");
    return EX_USAGE;
  }
  Result<std::vector<std::string>> ids = std::vector<std::string>();
  if (!given.operands.empty()) ids = read_ids(given, "nothing was polled");
  if (!ids) return exit_with(ids.error());
  const auto config = load_config(given.config_file, {"admin", "queue", "postgres"});
  if (!config) return exit_with(config.error());
  if (given.has("--account")) return kick_account(*config, given);
  if (given.has(kTagFlag.name)) ids = ids_with_tag(*config, given);
  if (!ids) return exit_with(ids.error());
  return ids->empty() ? kick_all(*config, given) : kick(*config, given, *ids);
}

}  // namespace attestrd
