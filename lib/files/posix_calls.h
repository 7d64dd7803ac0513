#pragma once

#include <sys/types.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "files/files.h"

namespace attestrd {

// Wraps system calls on files, and turns their errors into messages.

/// An owner of a file descriptor, or of none.
class Descriptor {
 public:
  Descriptor() = default;

  /// `value` is the result of a system call: if it is negative, there is no descriptor.
  explicit Descriptor(int value) : value_(value) {}
  ~Descriptor() { reset(-1); }
  Descriptor(Descriptor&& other) noexcept : value_(other.release()) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    if (this != &other) reset(other.release());
    return *this;
  }

  /// Returns the descriptor, or a negative value if there is none.
  int get() const { return value_; }
  int release() { return std::exchange(value_, -1); }

 private:
  void reset(int value) {
    if (value_ >= 0) ::close(value_);
    value_ = value;
  }

  int value_ = -1;
};

/// Repeats a call that a signal interrupted (EINTR). This is safe for fsync() too: EINTR is not a
/// failure of the disk, no data is dropped, and an error of the disk would be returned as such.
template <class Call>
int uninterrupted(Call call) {
  for (;;) {
    const int result = call();
    if (result >= 0 || errno != EINTR) return result;
  }
}

/// Calls openat(2), and repeats it if a signal interrupts it.
int open_at(int folder, const std::string& name, int flags, mode_t mode = 0);

/// Returns the attributes of an open file (with an empty name) or of a name in an open folder.
Result<FileInfo> inspect_at(int descriptor, const std::string& name, const std::string& path);

/// Returns the mount of a name in an open folder, or of the folder if the name is empty; nothing if
/// that fails. No attribute is asked for, so that the file system that is mounted there is not
/// asked.
std::optional<std::uint64_t> mount_at(int descriptor, const std::string& name);

Result<void> write_all(int descriptor, std::string_view bytes, const std::string& path);

/// Calls fsync(2). Any error is `io_failure`, even ENOSPC: the data may be lost already, so no
/// caller may retry.
Result<void> sync_descriptor(int descriptor, const std::string& path);

/// Returns whether syncfs(2) reports all write errors. Before Linux 5.8 it did not report errors of
/// contents, before 5.17 those of a journal, and on overlayfs it does not report those of the
/// layers below.
bool can_sync_all(int descriptor);

/// Returns an error with the message "WHAT PATH: strerror" and the code that follows from `error`
/// (an errno).
Error file_error(int error, std::string_view what, std::string_view path);

/// Returns whether the cause of an errno may disappear by itself, such as a failing disk, no memory
/// or no free descriptor. A wrong path or a missing permission stays until the operator corrects
/// it.
bool may_pass(int error);

}  // namespace attestrd
