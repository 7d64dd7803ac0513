#pragma once

#include <memory>
#include <string>

#include "files/files.h"
#include "simulation/disk.h"

namespace attestrd::sim {

/// A Directory on the simulated disk, as PosixDirectory is one on the real disk. The path of a
/// folder is its name on the disk; the path of the root is empty.
class DiskFolder final : public Directory {
 public:
  DiskFolder(Disk& disk, std::string path) : disk_(disk), path_(std::move(path)) {}

  const std::string& path() const override { return path_; }
  bool is_in_place() override { return true; }
  Result<std::vector<std::string>> list() override;
  Result<FileInfo> inspect(std::string_view name) override;
  bool is_mounted_on(std::string_view) override { return false; }
  Result<std::unique_ptr<ReadableFile>> open(std::string_view name,
                                             std::uint64_t max_bytes) override;
  Result<void> create(std::string_view name, std::string_view contents) override;
  Result<void> write(std::string_view name, std::string_view contents) override;
  Result<Moved> move(std::string_view name, Directory& target,
                     std::string_view target_name) override;
  Result<void> remove(std::string_view name) override;
  using Directory::sync;
  Result<void> sync(const Meanwhile& meanwhile) override;
  Result<void> sync_all(const Meanwhile& meanwhile) override;
  Result<std::unique_ptr<Directory>> subfolder(std::string_view name, bool ours_alone) override;
  using Directory::subfolder;

 private:
  Result<void> make(std::string_view name, std::string_view contents, bool is_durable);
  Result<void> step(bool writes);
  Result<void> sync_beside(const Meanwhile& meanwhile, bool all);
  Result<Disk::Inode> find(std::string_view name);

  Disk& disk_;
  std::string path_;
  unsigned syncs_ = 0;
};

}  // namespace attestrd::sim
