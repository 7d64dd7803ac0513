#pragma once

#include <string>

#include "base/result.h"

namespace attestrd {

/// A file that one process at a time holds, for as long as it lives: the system lets go of it even
/// after a kill. The file stays behind, since removing it would let two processes hold two files of
/// one name.
class LockFile {
 public:
  /// `unavailable` when another process holds it: the message names its pid.
  static Result<LockFile> acquire(const std::string& path);

  LockFile(LockFile&& other) noexcept;
  LockFile& operator=(LockFile&& other) noexcept;
  ~LockFile();

 private:
  explicit LockFile(int descriptor) : descriptor_(descriptor) {}

  int descriptor_;
};

}  // namespace attestrd
