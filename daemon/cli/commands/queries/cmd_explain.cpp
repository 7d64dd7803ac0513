#include <fmt/format.h>
#include <sysexits.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "daemon/cli/command_table.h"
#include "daemon/cli/control_client.h"
#include "daemon/cli/id_operands.h"
#include "daemon/cli/pending_ids.h"
#include "daemon/config/config.h"
#include "daemon/control/explain.h"
#include "daemon/log/exit_code.h"
#include "daemon/service/fleet/fleet_reader.h"
#include "daemon/service/queue_reader.h"
#include "runtime/system_clock.h"

namespace attestrd {
namespace {

/// Finds a handshake in the queue file, or in the database of the fleet.
Result<LocatedHandshake> find(const Config& config, const HandshakeId& id) {
  if (config.queue.store == QueueStore::postgres) {
    auto fleet = open_fleet_reader(config);
    return fleet ? fleet->find(id) : fleet.error();
  }
  const auto reader = QueueReader::open(config);
  if (!reader) return reader.error();
  auto row = reader->queue->find(id);
  if (!row) return row.error();
  return LocatedHandshake{std::move(*row), {}};
}

Result<DaemonAnswer> read_queue(const Config& config, const HandshakeId& id, bool as_json) {
  const auto found = find(config, id);
  if (!found) return found.error();
  const bool has_fleet = config.queue.store == QueueStore::postgres;
  const ExplainReport report{id, read_clocks().wall, case_of(found->known, false), found->node,
                             has_fleet};
  return DaemonAnswer{report.is_known(), as_json ? explain_json(report) : explain_text(report)};
}

Result<DaemonAnswer> ask(const Config& config, const HandshakeId& id, bool as_json) {
  if (!config.admin.socket.empty()) {
    auto answer = ask_daemon_about(config.admin.socket, fmt::format("/explain/{}", id.view()),
                                   as_json ? "application/json" : "text/plain");
    if (answer || answer.error().code != Errc::not_found) return answer;
  }
  return read_queue(config, id, as_json);
}

/// Returns the ids from the command line, or those with the tag.
Result<std::vector<std::string>> ids_of(const Config& config, const Given& given) {
  if (given.has(kTagFlag.name)) return ids_with_tag_or_queue(config, given);
  return read_ids(given, "nothing was explained");
}

/// Explains one handshake. Returns the exit code.
int explain(const Config& config, const HandshakeId& id, bool as_json) {
  const auto answer = ask(config, id, as_json);
  if (!answer) return exit_with(answer.error());
  const bool is_data = answer->is_found || as_json;
  fmt::print(is_data ? stdout : stderr, "{}", answer->body);
  return answer->is_found ? EX_OK : EX_UNAVAILABLE;
}

}  // namespace

int cmd_explain(const Given& given) {
  if (given.operands.size() > 1) {
    fmt::print(stderr, "attestrd explain: give one id, or - to read more from stdin\n");
    return EX_USAGE;
  }
  if (!names_handshakes(given, "explain")) return EX_USAGE;
  const auto config = load_config(given.config_file, {"paths", "admin", "queue", "postgres"});
  if (!config) return exit_with(config.error());
  const auto ids = ids_of(*config, given);
  if (!ids) return exit_with(ids.error());
  int worst = EX_OK;
  for (const auto& text : *ids) {
    const int code = explain(*config, *HandshakeId::parse(text), given.has("--json"));
    if (code != EX_OK) worst = code;
  }
  return worst;
}

}  // namespace attestrd
