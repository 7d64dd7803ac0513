#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "contract/faults.h"
#include "files/files.h"

namespace attestrd::test {

/// A folder in memory that records what was synced, so that a power failure can drop the rest.
class MemoryFolder {
 public:
  explicit MemoryFolder(Faults& faults) : faults_(faults) {}

  using Names = std::map<std::string, std::string, std::less<>>;  ///< With the files' contents.

  /// Simulates a power failure: restores every name to its last synced state.
  void lose_what_is_not_synced() {
    names = synced;
    written.clear();
    for (auto& [name, folder] : folders) folder->lose_what_is_not_synced();
  }

  MemoryFolder& folder(const std::string& name) {
    auto& folder = folders[name];
    if (folder == nullptr) folder = std::make_unique<MemoryFolder>(faults_);
    return *folder;
  }

  Faults& faults() { return faults_; }

  Names names;
  Names synced;
  std::set<std::string, std::less<>> written;  ///< Names with unsynced contents.
  std::set<std::string> foreign;               ///< Names of files that another user owns.
  std::map<std::string, std::unique_ptr<MemoryFolder>> folders;
  bool is_broken = false;  ///< It can't be listed.
  bool is_in_place = true;
  bool is_full = false;

 private:
  Faults& faults_;
};

class MemoryFile final : public ReadableFile {
 public:
  MemoryFile(std::string bytes, Faults& faults) : bytes_(std::move(bytes)), faults_(faults) {}

  Result<std::size_t> read(std::uint64_t offset, std::span<char> room) override {
    if (faults_.failing_read > 0 && --faults_.failing_read == 0)
      return fail(Errc::io_failure, "read");
    if (offset >= bytes_.size()) return 0U;
    return bytes_.copy(room.data(), room.size(), offset);
  }

  Writers writers() override { return Writers::none; }
  Result<FileInfo> inspect() override { return info_of(bytes_); }

  static FileInfo info_of(const std::string& bytes) {
    FileInfo info;
    info.kind = FileInfo::Kind::regular;
    info.size_bytes = bytes.size();
    info.links = 1;
    info.is_ours = true;
    return info;
  }

 private:
  std::string bytes_;
  Faults& faults_;
};

/// A handle of a folder, as a process holds it. The folder outlives the handle.
class MemoryDirectory final : public Directory {
 public:
  explicit MemoryDirectory(MemoryFolder& folder, std::string path = "root")
      : folder_(folder), path_(std::move(path)) {}

  const std::string& path() const override { return path_; }
  bool is_in_place() override { return folder_.is_in_place; }

  Result<std::vector<std::string>> list() override {
    step();
    if (folder_.is_broken) return fail(Errc::io_failure, "list");
    std::vector<std::string> names;
    for (const auto& [name, bytes] : folder_.names) names.push_back(name);
    return names;
  }

  Result<FileInfo> inspect(std::string_view name) override {
    step();
    if (folder_.folders.contains(std::string(name))) {
      FileInfo info;
      info.kind = FileInfo::Kind::folder;
      info.is_ours = true;
      return info;
    }
    const auto found = folder_.names.find(name);
    if (found == folder_.names.end()) return fail(Errc::not_found, std::string(name));
    auto info = MemoryFile::info_of(found->second);
    info.is_ours = !folder_.foreign.contains(found->first);
    return info;
  }

  bool is_mounted_on(std::string_view) override { return false; }

  Result<std::unique_ptr<ReadableFile>> open(std::string_view name, std::uint64_t) override {
    step();
    const auto found = folder_.names.find(name);
    if (found == folder_.names.end()) return fail(Errc::not_found, std::string(name));
    return std::unique_ptr<ReadableFile>(new MemoryFile(found->second, folder_.faults()));
  }

  Result<void> write(std::string_view name, std::string_view contents) override {
    const auto created = create(name, contents);
    if (created) folder_.written.emplace(name);
    return created;
  }

  Result<void> create(std::string_view name, std::string_view contents) override {
    if (folder_.faults().writing_step() || folder_.is_full ||
        folder_.names.size() >= folder_.faults().most_names)
      return fail(Errc::disk_full, "create");
    const std::string own_name(name);
    if (own_name == folder_.faults().unwritable) return fail(Errc::io_failure, "create");
    if (folder_.names.contains(own_name)) return fail(Errc::already_exists, own_name);
    folder_.names[own_name] = contents.substr(0, contents.size() / 2);
    step();
    folder_.names[own_name] = contents;
    return {};
  }

  Result<Moved> move(std::string_view name, Directory& target,
                     std::string_view target_name) override {
    if (folder_.faults().writing_step()) return fail(Errc::disk_full, "move");
    auto& to = static_cast<MemoryDirectory&>(target).folder_;
    const auto found = folder_.names.find(name);
    if (found == folder_.names.end()) return fail(Errc::not_found, std::string(name));
    if (!to.names.emplace(target_name, found->second).second) return Moved::name_taken;
    if (folder_.written.erase(found->first) > 0) to.written.emplace(target_name);
    folder_.names.erase(found);
    return Moved::done;
  }

  Result<void> remove(std::string_view name) override {
    step();
    const auto found = folder_.names.find(name);
    if (found == folder_.names.end()) return fail(Errc::not_found, std::string(name));
    folder_.written.erase(found->first);
    folder_.names.erase(found);
    return {};
  }

  using Directory::sync;
  Result<void> sync(const Meanwhile& meanwhile) override {
    step();
    folder_.synced = folder_.names;
    for (const auto& name : folder_.written)
      if (const auto found = folder_.synced.find(name); found != folder_.synced.end())
        found->second.clear();
    while (meanwhile && meanwhile()) {
    }
    return {};
  }

  Result<void> sync_all(const Meanwhile& meanwhile) override {
    step();
    folder_.written.clear();
    folder_.synced = folder_.names;
    while (meanwhile && meanwhile()) {
    }
    return {};
  }

  using Directory::subfolder;
  Result<std::unique_ptr<Directory>> subfolder(std::string_view name, bool) override {
    const std::string own_name(name);
    return std::unique_ptr<Directory>(
        new MemoryDirectory(folder_.folder(own_name), path_ + "/" + own_name));
  }

 private:
  void step() { folder_.faults().step(); }

  MemoryFolder& folder_;
  std::string path_;
};

}  // namespace attestrd::test
