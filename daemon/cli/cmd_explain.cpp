#include <fmt/format.h>
#include <sysexits.h>

#include <CLI/App.hpp>
#include <memory>
#include <string>

#include "daemon/cli/commands.h"
#include "daemon/config/config.h"
#include "daemon/cli/control_client.h"
#include "daemon/service/exit_code.h"
#include "daemon/control/explain.h"
#include "daemon/cli/queue_reader.h"
#include "runtime/system_clock.h"

namespace attestrd {
namespace {

struct ExplainOptions {
  std::filesystem::path config_file{kDefaultConfigFile};
  std::string id;
  bool as_json = false;
};

Result<DaemonAnswer> read_queue(const Config& config, const HandshakeId& id, bool as_json) {
  const auto reader = QueueReader::open(config);
  if (!reader) return reader.error();
  auto row = reader->queue->find(id);
  if (!row) return row.error();
  const ExplainReport report{id, read_clocks().wall, {}, std::move(*row), false};
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

int explain(const ExplainOptions& options) {
  const auto id = HandshakeId::parse(options.id);
  if (!id) {
    return exit_with(
        fail(Errc::invalid_input, "this is no handshake id: 1 to 64 letters, digits, '_' and '-'"));
  }
  const auto config = load_config(options.config_file);
  if (!config) return exit_with(config.error());
  const auto answer = ask(*config, *id, options.as_json);
  if (!answer) return exit_with(answer.error());
  const bool is_data = answer->is_found || options.as_json;
  fmt::print(is_data ? stdout : stderr, "{}", answer->body);
  return answer->is_found ? EX_OK : EX_UNAVAILABLE;
}

}  // namespace

void add_explain(CLI::App& app, Command& chosen) {
  const auto options = std::make_shared<ExplainOptions>();
  CLI::App* command =
      app.add_subcommand("explain", "Tells why a handshake waits and until when, or how it ended");
  command->add_option("id", options->id, "The handshake")->required()->type_name("ID");
  add_config_option(*command, options->config_file, "The configuration");
  command->add_flag("--json", options->as_json, "One JSON object, for programs");
  command->footer(
      "Asks the daemon; while none runs, reads the queue itself.\n"
      "Exits with 69 when there is neither, and when the handshake is not known.\n\n"
      "Examples:\n"
      "  attestrd explain DS02zfeuv6n4gkq51hvw6\n"
      "  attestrd explain --json DS02zfeuv6n4gkq51hvw6 | jq .next_poll");
  command->callback([options, &chosen] { chosen = [options] { return explain(*options); }; });
}

}  // namespace attestrd
