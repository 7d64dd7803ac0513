#pragma once

#include <string>
#include <utility>

#include "base/result.h"
#include "files/posix_calls.h"

namespace attestrd {

/// A file or folder that one process at a time holds, for as long as it lives: the system lets go
/// of it even after a kill.
class FileLock {
 public:
  /// Makes the file if it is not there. It stays behind, since removing it would let two processes
  /// hold two files of one name. `unavailable` when another process holds it: the message names
  /// its pid.
  static Result<FileLock> acquire(const std::string& path);

  /// Holds a folder that is there, and leaves no trace in it. `unavailable` when another process
  /// holds it.
  static Result<FileLock> acquire_folder(const std::string& path);

 private:
  explicit FileLock(Descriptor descriptor) : descriptor_(std::move(descriptor)) {}

  Descriptor descriptor_;
};

}  // namespace attestrd
