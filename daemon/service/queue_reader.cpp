#include "daemon/service/queue_reader.h"

#include <fmt/format.h>

#include <filesystem>
#include <system_error>
#include <utility>

namespace attestrd {

QueueReader::LogIndex::LogIndex(const std::filesystem::path& queue) : path_(queue) {
  path_ += "-shm";
  std::error_code error;
  if (std::filesystem::exists(path_, error) || error) path_.clear();
}

QueueReader::LogIndex::~LogIndex() {
  std::error_code ignored;
  if (!path_.empty()) std::filesystem::remove(path_, ignored);
}

Result<void> find_queue(const Config& config) {
  if (config.queue.store == QueueStore::postgres)
    return fail(
        Errc::unavailable,
        "no daemon answers on admin.socket, and the queue is in a database: `attestrd fleet "
        "status` shows its nodes");
  const auto& path = config.paths.queue;
  std::error_code error;
  if (std::filesystem::exists(path, error)) return {};
  const bool is_hidden = error == std::errc::permission_denied;
  return fail(is_hidden ? Errc::permission_denied : Errc::unavailable,
              fmt::format("{}: {}", path.string(),
                          is_hidden ? "you may not look there"
                                    : "there is no queue; has the daemon ever run?"));
}

Result<QueueReader> QueueReader::open(const Config& config) {
  if (const auto there = find_queue(config); !there) return there.error();
  const auto& path = config.paths.queue;
  auto lock = FileLock::acquire_shared(queue_lock_file(config).string());
  if (!lock && lock.error().code == Errc::unavailable) {
    return fail(
        Errc::unavailable,
        fmt::format("the daemon runs, but does not answer on admin.socket ({}): {}",
                    config.admin.socket.empty() ? "none is set" : config.admin.socket.string(),
                    lock.error().message));
  }
  if (!lock && lock.error().code != Errc::not_found) return lock.error();
  LogIndex index(path);
  auto queue = SqliteQueue::open_read_only(path.string());
  if (!queue) return queue.error();
  QueueReader reader{std::nullopt, std::move(index), std::move(*queue)};
  if (lock) reader.lock.emplace(std::move(*lock));
  return reader;
}

}  // namespace attestrd
