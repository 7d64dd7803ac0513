#include "daemon/service/move/queue_place.h"

#include <utility>

namespace attestrd {
Result<void> check_queue_place(const Config& config) {
  auto place = QueuePlace::open(config);
  if (!place) return place.error();
  const auto is_moving = place->has_moving();
  if (!is_moving) return is_moving.error();
  const auto is_there = place->has_file();
  if (!is_there) return is_there.error();
  const auto was_moved = place->has_moved();
  if (!was_moved) return was_moved.error();
  const auto name = config.paths.queue.string();
  if (*is_moving)
    return fail(Errc::invalid_config,
                name +
                    ".moving: a move of this queue was interrupted: repeat `attestrd queue move` "
                    "with queue.store = \"postgres\", which completes it");
  if (config.queue.store == QueueStore::postgres && *is_there)
    return fail(Errc::invalid_config,
                name +
                    ": there is a queue file, but queue.store is \"postgres\": run `attestrd "
                    "queue move --to postgres`; remove the file if none of its handshakes is "
                    "needed");
  if (config.queue.store == QueueStore::sqlite && !*is_there && *was_moved)
    return fail(Errc::invalid_config,
                name +
                    ".moved: this queue was moved into a database: set queue.store = "
                    "\"postgres\", and see `attestrd queue move --to sqlite`; remove the file "
                    "to begin with an empty queue");
  return {};
}

Result<QueuePlace> QueuePlace::open(const Config& config) {
  const auto& path = config.paths.queue;
  auto folder = PosixDirectory::open((path.parent_path() / ".").string());
  if (!folder) return folder.error();
  return QueuePlace(std::move(*folder), path.filename().string());
}

Result<bool> QueuePlace::has(const std::string& name) {
  const auto info = folder_->inspect(name);
  if (info) return true;
  return info.error().code == Errc::not_found ? Result<bool>(false) : info.error();
}

Result<void> QueuePlace::complete(MoveTo to) {
  if (to == MoveTo::file) {
    if (const auto renamed = rename(moving_, name_); !renamed) return renamed;
    if (const auto removed = remove(moved_); !removed) return removed;
    return folder_->sync();
  }
  if (const auto removed = remove(moved_); !removed) return removed;
  return rename(moving_, moved_);
}

Result<void> QueuePlace::drop_moving() {
  for (const auto* const ending : {"-wal", "-shm", "-journal", ""})
    if (const auto removed = remove(moving_ + ending); !removed) return removed;
  return folder_->sync();
}

Result<void> QueuePlace::rename(const std::string& from, const std::string& to) {
  const auto log = folder_->inspect(from + "-wal");
  if (!log && log.error().code != Errc::not_found) return log.error();
  if (log && log->size_bytes != 0)
    return fail(Errc::io_failure, path_of(from) +
                                      "-wal: the file has a log: start and stop the "
                                      "daemon with it, then move it");
  const auto moved = folder_->move(from, *folder_, to);
  if (!moved) return moved.error();
  if (*moved != Moved::done)
    return fail(Errc::already_exists, path_of(to) + " is in the way: move it away");
  return folder_->sync();
}

Result<void> QueuePlace::remove(const std::string& name) {
  const auto removed = folder_->remove(name);
  if (!removed && removed.error().code != Errc::not_found) return removed;
  return {};
}

}  // namespace attestrd
