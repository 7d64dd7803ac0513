#pragma once

#include <sys/types.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "files/files.h"

namespace attestrd {

// System calls on files, with errors for the reader.

/// Owns a file descriptor, or none.
class Descriptor {
 public:
  Descriptor() = default;

  /// `value` is what a system call returned: negative means that there is none.
  explicit Descriptor(int value) : value_(value) {}
  ~Descriptor() { reset(-1); }
  Descriptor(Descriptor&& other) noexcept : value_(other.release()) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    if (this != &other) reset(other.release());
    return *this;
  }

  /// Negative: there is none.
  int get() const { return value_; }
  int release() { return std::exchange(value_, -1); }

 private:
  void reset(int value) {
    if (value_ >= 0) ::close(value_);
    value_ = value;
  }

  int value_ = -1;
};

/// Begins a call again that a signal interrupted. That is no failure of the disk: an fsync() that
/// met one would tell it, and nothing of what it was to write is dropped.
template <class Call>
int uninterrupted(Call call) {
  for (;;) {
    const int result = call();
    if (result >= 0 || errno != EINTR) return result;
  }
}

/// openat(2).
int open_at(int folder, const std::string& name, int flags, mode_t mode = 0);

/// Of an open file, with an empty name; or of a name in an open folder.
Result<FileInfo> inspect_at(int descriptor, const std::string& name, const std::string& path);

Result<void> write_all(int descriptor, std::string_view bytes, const std::string& path);

/// Never `disk_full`: what could not be synced may be lost already, so no caller may try again.
Result<void> sync_descriptor(int descriptor, const std::string& path);

/// Whether syncfs(2) tells what could not be written: before Linux 5.8 it did not tell of contents,
/// before 5.17 not of a journal, and on overlayfs not of the files below.
bool can_sync_all(int descriptor);

/// Says what failed, where, and why in the words of the system; sorts `error` (an errno).
Error file_error(int error, std::string_view what, std::string_view path);

/// Whether the trouble of an errno may pass by itself: a failing disk, no memory, no descriptor. A
/// wrong path or a missing right stays until somebody mends it.
bool may_pass(int error);

}  // namespace attestrd
