#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "daemon/config/config.h"
#include "files/posix_files.h"
#include "queue/move/moved_row.h"

namespace attestrd {

/// Returns `invalid_config` if the queue of this spool is not where the configuration says: it was
/// moved, its move was interrupted, or it must be moved first.
Result<void> check_queue_place(const Config& config);

/// The names of a queue file in its folder: NAME while it is the queue, NAME.moving during a move,
/// NAME.moved once its rows are in a database. Changes of names are durable when they return.
class QueuePlace {
 public:
  static Result<QueuePlace> open(const Config& config);

  Result<bool> has_file() { return has(name_); }
  Result<bool> has_moving() { return has(moving_); }
  Result<bool> has_moved() { return has(moved_); }
  std::string file() const { return path_of(name_); }
  std::string moving() const { return path_of(moving_); }

  /// Renames NAME to NAME.moving, and back. The file must be closed.
  Result<void> begin() { return rename(name_, moving_); }
  Result<void> undo() { return rename(moving_, name_); }

  /// Gives NAME.moving its final name.
  Result<void> complete(MoveTo to);

  /// Removes NAME.moving.
  Result<void> drop_moving();

 private:
  QueuePlace(std::unique_ptr<PosixDirectory> folder, std::string name)
      : folder_(std::move(folder)),
        name_(std::move(name)),
        moving_(name_ + ".moving"),
        moved_(name_ + ".moved") {}

  Result<bool> has(const std::string& name);
  std::string path_of(const std::string& name) const { return folder_->path() + '/' + name; }
  Result<void> rename(const std::string& from, const std::string& to);
  Result<void> remove(const std::string& name);

  std::unique_ptr<PosixDirectory> folder_;
  std::string name_;
  std::string moving_;
  std::string moved_;
};

}  // namespace attestrd
