#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "simulation/luck.h"

namespace attestrd::sim {

/// A disk that records what was synced. A power cut drops any subset of the unsynced sectors of
/// each file, and any subset of the unsynced changes of folders that a journaling file system may
/// drop: of the changes of one name a prefix survives, and a rename survives whole or not at all.
class Disk {
 public:
  using Inode = std::uint32_t;  ///< 0: none.
  enum class Trouble : std::uint8_t { none, io_failure, disk_full };

  struct File {
    struct Write {
      std::uint64_t offset = 0;
      std::string before;  ///< The overwritten bytes, up to the old end of the file.
      std::string after;
      std::uint64_t size_before = 0;
      std::uint64_t size_after = 0;
    };
    std::string bytes;
    std::vector<Write> unsynced;
    Wall modified_at{};
    unsigned writers = 0;  ///< Processes that have it open for writing.
  };
  using Names = std::map<std::string, Inode, std::less<>>;

  // Calls of the process. Each begins with step(), and has no effect when a fault strikes.

  Trouble step(bool writes);
  Names& names(std::string_view folder);
  bool has_folder(std::string_view folder) const { return folders_.contains(folder); }
  File& file(Inode inode) { return files_.at(inode); }
  Inode make(const std::string& folder, const std::string& name);
  void write(Inode inode, std::uint64_t offset, std::string_view bytes);
  void truncate(Inode inode, std::uint64_t size);
  void rename(const std::string& folder, const std::string& name, const std::string& target,
              const std::string& new_name);
  void remove(const std::string& folder, const std::string& name);
  void sync(Inode inode) { file(inode).unsynced.clear(); }
  void sync(const std::string& folder);

  // Faults.

  /// Kills the process at the n-th call from now: that call and all later ones have no effect.
  void die_in(std::uint64_t more) { calls_to_death_ = more + 1; }
  /// Kills the process at its next sync of the queue's log: what it wrote there is not synced.
  void die_at_log_sync() { dies_at_log_sync_ = true; }
  void before_log_sync() { is_dead_ |= dies_at_log_sync_; }
  void fail_in(std::uint64_t more) { calls_to_failure_ = more + 1; }
  void fill(bool is_full) { is_full_ = is_full; }
  bool is_full() const { return is_full_; }
  bool is_dead() const { return is_dead_; }
  void kill() { is_dead_ = true; }
  void revive();
  void lose_power(Luck& luck);

  Wall now{};
  bool has_leases = true;  ///< Whether writers() can tell.
  std::function<void(const std::string& folder, const std::string& name)> on_rename;
  std::function<void(const std::string& folder)> on_sync;
  std::uint64_t calls = 0;

 private:
  struct NameChange {
    std::string folder;
    std::string name;
    Inode before = 0;
    Inode after = 0;
    bool is_end_of_rename = false;  ///< The previous change is the first half.
    bool is_kept = false;
  };

  void change(const std::string& folder, const std::string& name, Inode inode,
              bool is_end_of_rename = false);
  std::span<NameChange> unit_before(std::size_t end);
  void set(const NameChange& change, Inode inode);
  void lose_sectors(File& file, Luck& luck);
  void choose_kept(Luck& luck);

  std::map<std::string, Names, std::less<>> folders_;
  std::map<Inode, File> files_;
  std::vector<NameChange> unsynced_;
  Inode last_inode_ = 0;
  std::uint64_t calls_to_death_ = 0;
  std::uint64_t calls_to_failure_ = 0;
  bool dies_at_log_sync_ = false;
  bool is_dead_ = false;
  bool is_full_ = false;
};

}  // namespace attestrd::sim
