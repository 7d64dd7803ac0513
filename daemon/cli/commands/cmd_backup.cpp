// Copies the queue through the daemon, or itself while no daemon runs.

#include <fmt/format.h>
#include <sysexits.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/limits.h"
#include "daemon/cli/command_table.h"
#include "daemon/cli/control_client.h"
#include "daemon/config/config.h"
#include "daemon/log/exit_code.h"
#include "daemon/service/queue_reader.h"
#include "files/posix_files.h"
#include "files/posix_new_file.h"
#include "files/posix_user.h"
#include "ledger/backup.h"
#include "spool/folder_spool.h"

namespace attestrd {
namespace {

Result<void> copy_all(Backup& backup, NewFile& file) {
  std::optional<std::uint64_t> size;
  while (!size) {
    const auto step = backup.step();
    if (!step) return step.error();
    size = *step;
  }
  std::vector<char> room(limits::kBodyPartBytes);
  for (std::uint64_t offset = 0; offset < *size;) {
    const auto count = backup.read(offset, room);
    if (!count) return count.error();
    if (const auto written = file.write({room.data(), *count}); !written) return written;
    offset += *count;
  }
  return {};
}

/// Copies the queue as the daemon's user, to whom the spool and the queue belong. `file` is open
/// already: root may have it where that user may not write.
Result<void> copy_of_stopped(const Config& config, NewFile& file) {
  const ActingAsOwner owner(config.paths.spool.string());
  const auto reader = QueueReader::open(config);
  if (!reader) return reader.error();
  const auto root = PosixDirectory::open(config.paths.spool.string());
  if (!root) return root.error();
  // The spool would be made otherwise, and might belong to another user than the daemon's then.
  if (const auto used = (*root)->inspect("staging"); !used) return used.error();
  const auto spool = FolderSpool::open(**root);
  if (!spool) return spool.error();
  auto copy = reader->queue->copy(queue_copy_file(config).string());
  if (!copy) return copy.error();
  Backup backup(std::move(*copy), **spool, **root);
  return copy_all(backup, file);
}

Result<void> back_up(const Config& config, const std::string& path) {
  auto file = NewFile::create(path);
  if (!file) return file.error();
  std::optional<Result<void>> copied;
  if (!config.admin.socket.empty()) {
    copied = download_from_daemon(config.admin.socket, "/backup",
                                  [&file](std::string_view part) { return file->write(part); });
  }
  const bool is_stopped = !copied || (!*copied && copied->error().code == Errc::not_found);
  if (is_stopped) copied = copy_of_stopped(config, *file);
  return *copied ? file->commit() : *copied;
}

}  // namespace

int cmd_backup(const Given& given) {
  const auto config = load_config(given.config_file, {"paths", "admin", "queue", "postgres"});
  if (!config) return exit_with(config.error());
  const auto& path = given.operands.front();
  if (const auto done = back_up(*config, path); !done) return exit_with(done.error());
  fmt::print("{}: the queue is saved\n", path);
  return EX_OK;
}

}  // namespace attestrd
