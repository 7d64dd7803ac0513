#include <fmt/format.h>
#include <sysexits.h>

#include <memory>
#include <string>

#include "daemon/cli/command_table.h"
#include "daemon/cli/control_client.h"
#include "daemon/config/config.h"
#include "daemon/control/explain.h"
#include "daemon/log/exit_code.h"
#include "daemon/service/queue_reader.h"
#include "runtime/system_clock.h"

namespace attestrd {
namespace {

Result<DaemonAnswer> read_queue(const Config& config, const HandshakeId& id, bool as_json) {
  const auto reader = QueueReader::open(config);
  if (!reader) return reader.error();
  const auto row = reader->queue->find(id);
  if (!row) return row.error();
  const ExplainReport report{id, read_clocks().wall, case_of(*row, false)};
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

}  // namespace

int cmd_explain(const Given& given) {
  const auto id = HandshakeId::parse(given.operands.front());
  if (!id) {
    return exit_with(
        fail(Errc::invalid_input, "this is no handshake id: 1 to 64 letters, digits, '_' and '-'"));
  }
  const auto config = load_config(given.config_file, {"paths", "admin"});
  if (!config) return exit_with(config.error());
  const auto answer = ask(*config, *id, given.has("--json"));
  if (!answer) return exit_with(answer.error());
  const bool is_data = answer->is_found || given.has("--json");
  fmt::print(is_data ? stdout : stderr, "{}", answer->body);
  return answer->is_found ? EX_OK : EX_UNAVAILABLE;
}

}  // namespace attestrd
