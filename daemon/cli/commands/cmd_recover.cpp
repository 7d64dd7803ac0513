// Decides about the results that were lost with their staging/, while no daemon runs.

#include <fmt/format.h>
#include <sysexits.h>

#include <string>
#include <vector>

#include "daemon/cli/command_table.h"
#include "daemon/config/config.h"
#include "daemon/log/exit_code.h"
#include "daemon/service/queue_reader.h"
#include "daemon/service/stores.h"
#include "files/posix_user.h"
#include "ledger/lost_records.h"
#include "runtime/system_clock.h"

namespace attestrd {
namespace {

Result<std::vector<StagedRow>> recover(const Config& config, LostRecords lost) {
  if (auto owner = become_owner_of(config.paths.spool.string()); !owner) return owner.error();
  if (const auto there = find_queue(config); !there) return there.error();
  const auto stores = open_stores(config, {});
  if (!stores) return stores.error();
  return recover_lost(*stores->queue, *stores->spool, lost, read_clocks().wall);
}

std::string fate_of(const StagedRow& row, LostRecords lost) {
  switch (row.place) {
    case RecordPlace::staging: return "its record is in staging/, for the next start";
    case RecordPlace::folder: return fmt::format("its record is in {}/", folder_of(row.outcome));
    case RecordPlace::lost: break;
  }
  return lost == LostRecords::poll_again ? "is polled again" : "counts as published";
}

}  // namespace

int cmd_recover(const Given& given) {
  const bool polls_again = given.has("--poll-again");
  if (polls_again == given.has("--delivered")) {
    fmt::print(stderr, "attestrd recover: give either --poll-again or --delivered\n");
    return EX_USAGE;
  }
  const auto lost = polls_again ? LostRecords::poll_again : LostRecords::delivered;
  const auto config = load_config(given.config_file, {"paths", "queue", "postgres"});
  if (!config) return exit_with(config.error());
  if (config->queue.store == QueueStore::postgres)
    return exit_with(fail(Errc::invalid_config,
                          "the queue is in a database: `attestrd fleet release` decides about the "
                          "records of a spool that is lost"));
  const auto rows = recover(*config, lost);
  if (!rows) return exit_with(rows.error());
  for (const auto& row : *rows) fmt::print("{}: {}\n", row.id.view(), fate_of(row, lost));
  if (rows->empty()) fmt::print("no result is being published: nothing is lost\n");
  return EX_OK;
}

}  // namespace attestrd
