#include "simulation/disk.h"

#include <algorithm>
#include <set>
#include <utility>

namespace attestrd::sim {
namespace {

constexpr std::uint64_t kSectorBytes = 512;

void put(std::string& bytes, std::uint64_t offset, std::string_view piece) {
  if (bytes.size() < offset + piece.size()) bytes.resize(offset + piece.size());
  bytes.replace(offset, piece.size(), piece);
}

}  // namespace

Disk::Trouble Disk::step(bool writes) {
  ++calls;
  if (calls_to_death_ != 0 && --calls_to_death_ == 0) is_dead_ = true;
  if (is_dead_) return Trouble::io_failure;
  if (calls_to_failure_ != 0 && --calls_to_failure_ == 0) return Trouble::io_failure;
  return writes && is_full_ ? Trouble::disk_full : Trouble::none;
}

Disk::Names& Disk::names(std::string_view folder) {
  const auto found = folders_.find(folder);
  return found != folders_.end() ? found->second : folders_[std::string(folder)];
}

Disk::Inode Disk::make(const std::string& folder, const std::string& name) {
  files_[++last_inode_].modified_at = now;
  change(folder, name, last_inode_);
  return last_inode_;
}

void Disk::write(Inode inode, std::uint64_t offset, std::string_view bytes) {
  File& target = file(inode);
  File::Write write{offset, {}, std::string(bytes), target.bytes.size(), 0};
  if (offset < target.bytes.size()) write.before = target.bytes.substr(offset, bytes.size());
  put(target.bytes, offset, bytes);
  write.size_after = target.bytes.size();
  target.unsynced.push_back(std::move(write));
  target.modified_at = now;
}

void Disk::truncate(Inode inode, std::uint64_t size) {
  File& target = file(inode);
  File::Write write{size, {}, {}, target.bytes.size(), size};
  if (size < target.bytes.size()) write.before = target.bytes.substr(size);
  target.bytes.resize(size);
  target.unsynced.push_back(std::move(write));
}

void Disk::rename(const std::string& folder, const std::string& name, const std::string& target,
                  const std::string& new_name) {
  const Inode inode = names(folder).at(name);
  change(target, new_name, inode);
  change(folder, name, 0, true);
  if (on_rename) on_rename(target, new_name);
}

void Disk::remove(const std::string& folder, const std::string& name) { change(folder, name, 0); }

void Disk::change(const std::string& folder, const std::string& name, Inode inode,
                  bool is_end_of_rename) {
  auto& there = names(folder);
  const auto found = there.find(name);
  unsynced_.push_back(
      {folder, name, found == there.end() ? 0 : found->second, inode, is_end_of_rename});
  set(unsynced_.back(), inode);
}

void Disk::set(const NameChange& change, Inode inode) {
  auto& there = names(change.folder);
  if (inode == 0)
    there.erase(change.name);
  else
    there[change.name] = inode;
}

// Syncs a folder and everything that its changes depend on: the other half of a rename, and earlier
// changes of the same names.
void Disk::sync(const std::string& folder) {
  std::set<std::pair<std::string, std::string>> needed;
  for (std::size_t end = unsynced_.size(); end > 0;) {
    const auto unit = unit_before(end);
    const bool is_kept = std::ranges::any_of(unit, [&](const NameChange& change) {
      return change.folder == folder || needed.contains({change.folder, change.name});
    });
    for (auto& change : unit) {
      change.is_kept = is_kept;
      if (is_kept) needed.emplace(change.folder, change.name);
    }
    end -= unit.size();
  }
  std::erase_if(unsynced_, [](const NameChange& change) { return change.is_kept; });
  if (on_sync) on_sync(folder);
}

/// Returns the change that ends before `end`; for a rename, both of its changes.
std::span<Disk::NameChange> Disk::unit_before(std::size_t end) {
  const std::size_t size = unsynced_[end - 1].is_end_of_rename ? 2 : 1;
  return std::span(unsynced_).subspan(end - size, size);
}

void Disk::revive() {
  is_dead_ = false;
  dies_at_log_sync_ = false;
  calls_to_death_ = 0;
  calls_to_failure_ = 0;
}

void Disk::lose_power(Luck& luck) {
  choose_kept(luck);
  for (auto change = unsynced_.rbegin(); change != unsynced_.rend(); ++change)
    set(*change, change->before);
  for (const auto& change : unsynced_)
    if (change.is_kept) set(change, change.after);
  unsynced_.clear();
  std::set<Inode> linked;
  for (const auto& [folder, names] : folders_)
    for (const auto& [name, inode] : names) linked.insert(inode);
  std::erase_if(files_, [&linked](const auto& file) { return !linked.contains(file.first); });
  for (auto& [inode, file] : files_) lose_sectors(file, luck);
}

void Disk::choose_kept(Luck& luck) {
  const double share = luck.chance(0.3) ? 0 : luck.chance(0.3) ? 1 : luck.unit();
  std::set<std::pair<std::string, std::string>> lost;
  for (std::size_t begin = 0; begin < unsynced_.size();) {
    const bool is_rename = begin + 1 < unsynced_.size() && unsynced_[begin + 1].is_end_of_rename;
    const auto unit = std::span(unsynced_).subspan(begin, is_rename ? 2 : 1);
    const bool is_kept = luck.chance(share) && std::ranges::none_of(unit, [&](const auto& change) {
                           return lost.contains({change.folder, change.name});
                         });
    for (auto& change : unit) {
      change.is_kept = is_kept;
      if (!is_kept) lost.emplace(change.folder, change.name);
    }
    begin += unit.size();
  }
}

void Disk::lose_sectors(File& file, Luck& luck) {
  if (file.unsynced.empty()) return;
  const double share = luck.chance(0.3) ? 0 : luck.chance(0.3) ? 1 : luck.unit();
  for (auto write = file.unsynced.rbegin(); write != file.unsynced.rend(); ++write) {
    file.bytes.resize(write->size_before);
    if (!write->before.empty()) put(file.bytes, write->offset, write->before);
  }
  for (const auto& write : file.unsynced) {
    if (write.after.empty() && luck.chance(share)) file.bytes.resize(write.size_after);
    for (std::uint64_t at = 0; at < write.after.size(); at += kSectorBytes)
      if (luck.chance(share))
        put(file.bytes, write.offset + at, std::string_view(write.after).substr(at, kSectorBytes));
  }
  file.unsynced.clear();
}

}  // namespace attestrd::sim
