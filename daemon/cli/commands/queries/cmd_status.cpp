#include <fmt/format.h>
#include <sysexits.h>

#include <cstddef>
#include <filesystem>
#include <optional>
#include <system_error>

#include "daemon/cli/command_table.h"
#include "daemon/cli/control_client.h"
#include "daemon/config/config.h"
#include "daemon/control/status.h"
#include "daemon/log/exit_code.h"
#include "daemon/service/fleet/fleet_database.h"
#include "daemon/service/fleet/fleet_reader.h"
#include "daemon/service/queue_reader.h"
#include "inbox/folder_inbox.h"
#include "inbox/submission.h"
#include "queue/postgres/postgres_nodes.h"
#include "runtime/system_clock.h"

namespace attestrd {
namespace {

/// Returns the number of files in a folder that are submissions, or nothing if this user may not
/// look there.
std::optional<std::size_t> count_files(const std::filesystem::path& folder) {
  std::error_code error;
  std::size_t count = 0;
  std::filesystem::directory_iterator file(folder, error);
  for (; !error && file != std::filesystem::directory_iterator(); file.increment(error))
    if (is_submission_name(file->path().filename().string())) ++count;
  if (error) return std::nullopt;
  return count;
}

std::optional<InboxFiles> files_of(const std::filesystem::path& inbox) {
  const auto unclaimed = count_files(inbox);
  const auto claimed = count_files(inbox / FolderInbox::kClaimed);
  if (!unclaimed) return std::nullopt;
  return InboxFiles{*unclaimed, claimed.value_or(0)};
}

/// Reads the counts of the whole fleet, and those of this node.
Result<StatusReport> read_fleet(const Config& config) {
  auto reader = open_fleet_reader(config);
  if (!reader) return reader.error();
  const auto fleet = observe_fleet(reader->connection());
  if (!fleet) return fleet.error();
  const auto nodes = reader->count();
  if (!nodes) return nodes.error();

  StatusReport report;
  report.now = read_clocks().wall;
  report.fleet = count_fleet(*fleet, fleet_node_name(config));
  report.fleet->pending = 0;
  for (const NodeRows& rows : *nodes) {
    report.fleet->pending += rows.polling;
    if (rows.node != report.fleet->node) continue;
    report.handshakes.pending = rows.polling;
    report.handshakes.settling = rows.staged;
    report.oldest_pending = rows.oldest_pending;
  }
  report.stored_pause = fleet->paused_since;
  report.inbox = files_of(config.paths.inbox);
  return report;
}

Result<StatusReport> read_queue(const Config& config) {
  if (config.queue.store == QueueStore::postgres) return read_fleet(config);
  const auto reader = QueueReader::open(config);
  if (!reader) return reader.error();
  const auto counts = reader->queue->count();
  if (!counts) return counts.error();

  StatusReport report;
  report.now = read_clocks().wall;
  report.handshakes.pending = counts->polling;
  report.handshakes.settling = counts->staged;
  report.oldest_pending = counts->oldest_pending;
  const auto pause = reader->queue->operator_pause();
  if (!pause) return pause.error();
  report.stored_pause = pause->since;
  report.inbox = files_of(config.paths.inbox);
  return report;
}

}  // namespace

int cmd_status(const Given& given) {
  const auto config = load_config(given.config_file, {"paths", "admin", "queue", "postgres"});
  if (!config) return exit_with(config.error());
  if (!config->admin.socket.empty()) {
    const auto answer = ask_daemon(config->admin.socket, "/status",
                                   given.has("--json") ? "application/json" : "text/plain");
    if (answer) {
      fmt::print("{}", *answer);
      return EX_OK;
    }
    if (answer.error().code != Errc::not_found) return exit_with(answer.error());
  }
  const auto report = read_queue(*config);
  if (!report) return exit_with(report.error());
  fmt::print("{}", given.has("--json") ? status_json(*report) : status_text(*report));
  return EX_UNAVAILABLE;  // For scripts: no daemon runs.
}

}  // namespace attestrd
