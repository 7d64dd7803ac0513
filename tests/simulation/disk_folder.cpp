#include "simulation/disk_folder.h"

#include <utility>

namespace attestrd::sim {
namespace {

Result<void> result_of(Disk::Trouble trouble) {
  if (trouble == Disk::Trouble::disk_full) return fail(Errc::disk_full, "the disk is full");
  if (trouble == Disk::Trouble::io_failure) return fail(Errc::io_failure, "the disk fails");
  return {};
}

FileInfo info_of(Disk& disk, Disk::Inode inode) {
  FileInfo info;
  info.kind = FileInfo::Kind::regular;
  info.size_bytes = disk.file(inode).bytes.size();
  info.links = 1;
  info.inode = inode;
  info.modified_at = disk.file(inode).modified_at;
  info.is_ours = true;
  return info;
}

class DiskFile final : public ReadableFile {
 public:
  DiskFile(Disk& disk, Disk::Inode inode) : disk_(disk), inode_(inode) {}

  Result<std::size_t> read(std::uint64_t offset, std::span<char> room) override {
    if (const auto fine = result_of(disk_.step(false)); !fine) return fine.error();
    const auto& bytes = disk_.file(inode_).bytes;
    if (offset >= bytes.size()) return 0U;
    return bytes.copy(room.data(), room.size(), offset);
  }
  Result<FileInfo> inspect() override { return info_of(disk_, inode_); }
  Writers writers() override {
    if (!disk_.has_leases) return Writers::unknown;
    return disk_.file(inode_).writers > 0 ? Writers::some : Writers::none;
  }

 private:
  Disk& disk_;
  Disk::Inode inode_;
};

}  // namespace

Result<void> DiskFolder::step(bool writes) { return result_of(disk_.step(writes)); }

Result<Disk::Inode> DiskFolder::find(std::string_view name) {
  const auto& names = disk_.names(path_);
  const auto found = names.find(name);
  if (found == names.end()) return fail(Errc::not_found, std::string(name) + " is not there");
  return found->second;
}

Result<std::vector<std::string>> DiskFolder::list() {
  if (const auto fine = step(false); !fine) return fine.error();
  std::vector<std::string> names;
  for (const auto& [name, inode] : disk_.names(path_)) names.push_back(name);
  return names;
}

Result<FileInfo> DiskFolder::inspect(std::string_view name) {
  if (const auto fine = step(false); !fine) return fine.error();
  if (path_.empty() || disk_.has_folder(name)) {  // The root contains only folders.
    FileInfo info;
    info.kind = FileInfo::Kind::folder;
    info.is_ours = true;
    return info;
  }
  const auto inode = find(name);
  if (!inode) return inode.error();
  return info_of(disk_, *inode);
}

Result<std::unique_ptr<ReadableFile>> DiskFolder::open(std::string_view name, std::uint64_t) {
  if (const auto fine = step(false); !fine) return fine.error();
  const auto inode = find(name);
  if (!inode) return inode.error();
  return std::unique_ptr<ReadableFile>(new DiskFile(disk_, *inode));
}

Result<void> DiskFolder::create(std::string_view name, std::string_view contents) {
  return make(name, contents, true);
}

Result<void> DiskFolder::write(std::string_view name, std::string_view contents) {
  return make(name, contents, false);
}

// Creates a file, writes it piece by piece and syncs it, like PosixDirectory. After any error
// except a death it removes the name again.
Result<void> DiskFolder::make(std::string_view name, std::string_view contents, bool is_durable) {
  if (const auto fine = step(true); !fine) return fine;
  const std::string own_name(name);
  if (disk_.names(path_).contains(own_name)) return fail(Errc::already_exists, own_name);
  const auto inode = disk_.make(path_, own_name);
  const std::size_t half = contents.size() / 2;
  Result<void> written = step(true);
  if (written) {
    disk_.write(inode, 0, contents.substr(0, half));
    written = step(true);
  }
  if (written) {
    disk_.write(inode, half, contents.substr(half));
    if (!is_durable) return {};
    written = step(false);
  }
  if (written) {
    disk_.sync(inode);
    return {};
  }
  if (!disk_.is_dead()) disk_.remove(path_, own_name);
  return written;
}

Result<Moved> DiskFolder::move(std::string_view name, Directory& target,
                               std::string_view target_name) {
  if (const auto fine = step(true); !fine) return fine.error();
  if (const auto inode = find(name); !inode) return inode.error();
  const auto& target_path = static_cast<DiskFolder&>(target).path_;
  if (disk_.names(target_path).contains(target_name)) return Moved::name_taken;
  disk_.rename(path_, std::string(name), target_path, std::string(target_name));
  return Moved::done;
}

Result<void> DiskFolder::remove(std::string_view name) {
  if (const auto fine = step(false); !fine) return fine;
  if (const auto inode = find(name); !inode) return inode.error();
  disk_.remove(path_, std::string(name));
  return {};
}

Result<void> DiskFolder::sync(const Meanwhile& meanwhile) { return sync_beside(meanwhile, false); }

Result<void> DiskFolder::sync_all(const Meanwhile& meanwhile) {
  return sync_beside(meanwhile, true);
}

// Syncs the files of this folder only, since the queue may be on another disk. Every second sync
// includes the files that are written during it; the others miss them.
Result<void> DiskFolder::sync_beside(const Meanwhile& meanwhile, bool all) {
  const auto write_more = [&] {
    while (meanwhile && meanwhile()) {
    }
  };
  const bool catches_it = syncs_++ % 2 == 0;
  if (catches_it) write_more();
  if (const auto fine = step(false); !fine) return fine;
  if (all)
    for (const auto& [name, inode] : disk_.names(path_)) disk_.sync(inode);
  disk_.sync(path_);
  if (!catches_it) write_more();
  return {};
}

Result<std::unique_ptr<Directory>> DiskFolder::subfolder(std::string_view name, bool) {
  if (const auto fine = step(false); !fine) return fine.error();
  disk_.names(name);  // Makes it.
  return std::unique_ptr<Directory>(new DiskFolder(disk_, std::string(name)));
}

}  // namespace attestrd::sim
