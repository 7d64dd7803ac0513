#pragma once

#include <string>
#include <utility>

#include "base/result.h"
#include "files/posix_calls.h"

namespace attestrd {

/// A lock on a file or a folder, held by one process at a time. The kernel releases it when the
/// process ends, even when it is killed. Whoever can open a file can lock it, so no other user may
/// be able to open it.
class FileLock {
 public:
  /// Locks a file, and creates it (0600) if it is absent. The file is never removed: otherwise two
  /// processes could lock two files of the same name. Returns `unavailable` if another process
  /// holds the lock; the message names its pid.
  static Result<FileLock> acquire(const std::string& path);

  /// Locks a file for reading, beside other readers, and leaves it as it is. Errors: `not_found` if
  /// it is absent, `unavailable` as above.
  static Result<FileLock> acquire_shared(const std::string& path);

  /// Locks an existing folder, without a file in it. Returns `unavailable` if another process holds
  /// the lock.
  static Result<FileLock> acquire_folder(const std::string& path);

 private:
  explicit FileLock(Descriptor descriptor) : descriptor_(std::move(descriptor)) {}

  Descriptor descriptor_;
};

}  // namespace attestrd
