#include "daemon/service/stores.h"

#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>

#include "daemon/service/move/queue_place.h"

namespace attestrd {
namespace {

/// Moves an opened object to its place, or returns the error.
template <class T>
Result<void> keep(Result<T> opened, auto& place) {
  if (!opened) return opened.error();
  place = std::move(*opened);
  return {};
}

/// Locks a folder that only the daemon can open: a lock on one that others can open could be held
/// by any of them.
Result<FileLock> lock_own_folder(Directory& parent, std::string_view name) {
  const auto folder = parent.subfolder(name, true);
  if (!folder) return folder.error();
  return FileLock::acquire_folder((*folder)->path());
}

Result<void> lock_folders(Directory& root, Directory& inbox, Stores& stores) {
  if (auto locked = keep(lock_spool(root), stores.spool_lock); !locked) return locked;
  return keep(lock_own_folder(inbox, FolderInbox::kClaimed), stores.inbox_lock);
}

Result<void> lock_all(const Config& config, Directory& root, Directory& inbox, Stores& stores) {
  if (config.queue.store == QueueStore::sqlite)
    if (auto locked = keep(FileLock::acquire(queue_lock_file(config).string()), stores.queue_lock);
        !locked) {
      return locked;
    }
  if (auto locked = lock_folders(root, inbox, stores); !locked) return locked;
  return check_queue_place(config);
}

Result<void> open_file_queue(const Config& config, Stores& stores) {
  auto queue = SqliteQueue::open(config.paths.queue.string());
  if (!queue) return queue.error();
  stores.sqlite = queue->get();
  stores.queue = std::move(*queue);
  // A daemon that was killed during a backup leaves its copy, with ids and tags.
  std::error_code ignored;
  std::filesystem::remove(queue_copy_file(config), ignored);
  return {};
}

Result<void> open_fleet_queue(const Config& config, const FleetEntry& entry, Stores& stores) {
  auto fleet = enter_fleet_of(config, entry, *stores.spool);
  if (!fleet) return fleet.error();
  stores.queue = std::move(fleet->queue);
  stores.fleet = std::move(fleet->fleet);
  if (stores.fleet)
    stores.start_beats = std::make_unique<StartBeats>(*stores.fleet, config.postgres.lease);
  return {};
}

}  // namespace

Result<FileLock> lock_spool(Directory& root) {
  return lock_own_folder(root, FolderSpool::kStaging);
}

Result<Stores> lock_spool_and_inbox(const Config& config) {
  Stores stores;
  if (auto opened = keep(PosixDirectory::open(config.paths.spool.string()), stores.spool_root);
      !opened) {
    return opened.error();
  }
  const auto inbox = PosixDirectory::open(config.paths.inbox.string());
  if (!inbox) return inbox.error();
  if (auto locked = lock_folders(*stores.spool_root, **inbox, stores); !locked)
    return locked.error();
  auto opened = keep(FolderSpool::open(*stores.spool_root), stores.spool);
  if (!opened) return opened.error();
  return stores;
}

Result<Stores> open_stores(const Config& config, const FleetEntry& entry) {
  Stores stores;
  if (auto opened = keep(PosixDirectory::open(config.paths.spool.string()), stores.spool_root);
      !opened) {
    return opened.error();
  }
  auto& root = *stores.spool_root;
  auto inbox = PosixDirectory::open(config.paths.inbox.string());
  if (!inbox) return inbox.error();
  if (auto locked = lock_all(config, root, **inbox, stores); !locked) return locked.error();
  if (auto opened = keep(FolderSpool::open(root), stores.spool); !opened) return opened.error();
  auto refused = open_refused(root);
  if (!refused) return refused.error();
  if (auto opened = keep(FolderInbox::open(std::move(*inbox), std::move(*refused)), stores.inbox);
      !opened) {
    return opened.error();
  }
  const auto queue = config.queue.store == QueueStore::sqlite
                         ? open_file_queue(config, stores)
                         : open_fleet_queue(config, entry, stores);
  if (!queue) return queue.error();
  if (!stores.queue) return stores;
  stores.ledger = std::make_unique<Ledger>(
      *stores.inbox, *stores.queue, *stores.spool,
      RoundBounds{.give_up_after = config.poll.give_up_after, .repeats = config.signature.repeats});
  return stores;
}

}  // namespace attestrd
