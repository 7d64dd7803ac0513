#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
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

  /// A file in the inbox, or among the claimed files.
  struct Source {
    Directory& folder;
    const std::string& name;       ///< In `folder`.
    const FileInfo& info;          ///< The attributes for which it is refused.
    const std::string& submitted;  ///< The name that it had in the inbox.
  };

  /// Moves a file here, by a rename, or by a copy if it is on another mount. Returns its new name,
  /// or nothing if it needs a copy but can't be read, so that it stays. A file that was copied
  /// stays where it is as well if it does not match `info` any more.
  Result<std::optional<std::string>> take(const Source& source);

  /// Returns whether the folder holds `limits::kRefusedFiles`: no other file is moved here. Lists
  /// it at most once in kRetry.
  Result<bool> is_full(Mono now);

  /// The time after which the folder is checked for space again.
  static constexpr Duration kRetry = std::chrono::seconds(10);

  /// Returns whether an error may be gone at the next try: the disk was full, or other users
  /// changed names here.
  static bool may_pass(Errc code);

 private:
  Result<std::string> write_unfinished(std::string_view text);
  void clear(const std::string& name);
  Result<Moved> move_here(const Source& source, const std::string& new_name);

  std::unique_ptr<Directory> folder_;
  std::size_t files_ = 0;  ///< When it was listed, and those that came since.
  std::optional<Mono> listed_at_;
};

}  // namespace attestrd
