#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "files/files.h"

namespace attestrd {

/// The folder of refused submissions, and of the lists of lines that were refused. Other users may
/// write there as well: whatever names they use, and whatever they remove, the next try copes with
/// it.
class FolderRefused {
 public:
  explicit FolderRefused(std::unique_ptr<Directory> folder) : folder_(std::move(folder)) {}

  Result<void> check_place() { return attestrd::check_place(*folder_); }

  /// Writes what is wrong with the lines of the submission `name`, under a name that is free,
  /// unless a process that died before it could remove the submission wrote the same. Durable after
  /// sync().
  Result<void> list(std::string_view name, std::string_view text);

  Result<void> sync() { return folder_->sync(); }

  /// Takes a file from the inbox, by a rename, or by a copy if the inbox lies on another mount.
  /// Returns its new name; nothing: it would need a copy and can't be read, so it stays. A file
  /// that is not `info` any more stays beside its copy.
  Result<std::optional<std::string>> take(Directory& inbox, const std::string& name,
                                          const FileInfo& info);

 private:
  Result<void> write_unfinished(std::string_view text);
  Result<Moved> move_here(Directory& inbox, const std::string& name, const FileInfo& info,
                          const std::string& new_name);

  std::unique_ptr<Directory> folder_;
};

}  // namespace attestrd
