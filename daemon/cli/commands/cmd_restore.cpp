// Restores a backup into the queue of a daemon that does not run.

#include <fcntl.h>
#include <fmt/format.h>
#include <sysexits.h>

#include <cerrno>
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>
#include <utility>

#include "daemon/cli/command_table.h"
#include "daemon/config/config.h"
#include "daemon/log/exit_code.h"
#include "daemon/service/move/queue_place.h"
#include "daemon/service/queue_reader.h"
#include "daemon/service/stores.h"
#include "files/posix_calls.h"
#include "files/posix_files.h"
#include "files/posix_lock.h"
#include "files/posix_user.h"
#include "ledger/restore.h"
#include "queue/sqlite_merge.h"
#include "spool/backup_mark.h"
#include "spool/folder_spool.h"

namespace attestrd {
namespace {

using Database = std::unique_ptr<SqliteDatabase>;

/// Opens the backup, with the rights of the user who runs the command.
Result<Database> open_backup(const std::string& path, const std::filesystem::path& queue) {
  std::error_code absent;
  // The queue's file must be opened once: to close it a second time would drop its locks.
  if (std::filesystem::equivalent(path, queue, absent))
    return fail(Errc::invalid_input, path + " is the queue itself, not a backup of it");
  const Descriptor readable(open_at(AT_FDCWD, path, O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  if (readable.get() < 0) return file_error(errno, "cannot open the backup", path);
  return open_backup_file(path);
}

Result<RestoreCounts> restore_into(const Config& config, Database backup) {
  const auto queue_lock = FileLock::acquire(queue_lock_file(config).string());
  if (!queue_lock) return queue_lock.error();
  if (const auto placed = check_queue_place(config); !placed) return placed.error();
  const auto root = PosixDirectory::open(config.paths.spool.string());
  if (!root) return root.error();
  const auto spool_lock = lock_spool(**root);
  if (!spool_lock) return spool_lock.error();
  const auto spool = FolderSpool::open(**root);
  if (!spool) return spool.error();
  const auto mark = last_backup_mark(**root);
  if (!mark) return mark.error();
  const auto merge = SqliteMerge::open(std::move(backup), config.paths.queue.string());
  if (!merge) return merge.error();
  return restore(**merge, **spool, *mark);
}

Result<RestoreCounts> restore_file(const Config& config, const std::string& path) {
  const QueueReader::LogIndex index(path);
  auto backup = open_backup(path, config.paths.queue);
  if (!backup) return backup.error();
  if (auto owner = become_owner_of(config.paths.spool.string()); !owner) return owner.error();
  return restore_into(config, std::move(*backup));
}

}  // namespace

int cmd_restore(const Given& given) {
  const auto config = load_config(given.config_file, {"paths", "queue", "postgres"});
  if (!config) return exit_with(config.error());
  const auto& path = given.operands.front();
  if (config->queue.store == QueueStore::postgres)
    return exit_with(
        fail(Errc::invalid_config, "the queue is in a database, which its own tools restore"));
  const auto counts = restore_file(*config, path);
  if (!counts) return exit_with(counts.error());
  fmt::print("{}: restored {} pending, {} ending and {} ended\n", path, counts->pending,
             counts->staged, counts->ended);
  if (counts->again > 0)
    fmt::print("{} of the pending had ended, but their records are not in the spool\n",
               counts->again);
  if (counts->known_better > 0)
    fmt::print("{} more are as the queue knew them already\n", counts->known_better);
  return EX_OK;
}

}  // namespace attestrd
