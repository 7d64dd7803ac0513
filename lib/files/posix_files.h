#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "files/files.h"
#include "files/posix_calls.h"

namespace attestrd {

/// A folder of the real file system. It stays open, so that its name can't be redirected.
class PosixDirectory final : public Directory {
 public:
  /// Opens an existing folder by its path. `unsafe_file` when the path is a link or no folder.
  static Result<std::unique_ptr<PosixDirectory>> open(const std::string& path);

  const std::string& path() const override { return path_; }
  bool is_in_place() override;
  Result<std::vector<std::string>> list() override;
  Result<FileInfo> inspect(std::string_view name) override;
  bool is_mounted_on(std::string_view name) override;
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
  Result<void> sync_file_system() const;  ///< May run on a thread of its own, as sync_names().
  Result<void> sync_names() const;
  Result<void> make(std::string_view name, std::string_view contents, bool is_durable);
  void give_group_to(std::string_view name, const PosixDirectory& from) const;

  PosixDirectory(std::string path, Descriptor descriptor);

  std::string path_;
  Descriptor descriptor_;
  std::optional<std::uint32_t> group_;  ///< Of all files in it, if it has the set-group-ID bit.
  bool can_sync_all_;
};

/// Returns whether the group of a folder may create files in it, and all its members could read
/// them: the folder has no default ACL that decides who may.
bool shares_new_files(const std::string& folder);

}  // namespace attestrd
