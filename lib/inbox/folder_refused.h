#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "files/files.h"

namespace attestrd {

/// The folder of refused submissions and of the lists of refused lines. Other users may write there
/// as well: the next try tolerates any names that they use or remove.
class FolderRefused {
 public:
  explicit FolderRefused(std::unique_ptr<Directory> folder) : folder_(std::move(folder)) {}

  Result<void> check_place() { return attestrd::check_place(*folder_); }

  /// Writes the list of the bad lines of the submission `name` under a free name. Writes nothing if
  /// a process that died before it could remove the submission wrote the same list. Durable after
  /// sync().
  Result<void> list(std::string_view name, std::string_view text);

  Result<void> sync() { return folder_->sync(); }

  /// Moves a file from the inbox, by a rename, or by a copy if the inbox is on another mount.
  /// Returns its new name, or nothing if it needs a copy but can't be read, so that it stays. A
  /// file that was copied stays in the inbox as well if it does not match `info` any more.
  Result<std::optional<std::string>> take(Directory& inbox, const std::string& name,
                                          const FileInfo& info);

 private:
  Result<void> write_unfinished(std::string_view text);
  Result<Moved> move_here(Directory& inbox, const std::string& name, const FileInfo& info,
                          const std::string& new_name);

  std::unique_ptr<Directory> folder_;
};

}  // namespace attestrd
