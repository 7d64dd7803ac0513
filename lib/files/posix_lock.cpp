#include "files/posix_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string_view>
#include <utility>

#include "files/posix_calls.h"

namespace attestrd {
namespace {

constexpr mode_t kOursAlone = 0600;

/// Returns the pid that the holder has written into the file, digits only, or "unknown".
std::string holder_of(int descriptor) {
  std::array<char, 20> buffer;
  const ssize_t count = ::pread(descriptor, buffer.data(), buffer.size(), 0);
  if (count <= 0) return "unknown";
  const std::string_view text(buffer.data(), static_cast<std::size_t>(count));
  const auto digits = text.substr(0, text.find_first_not_of("0123456789"));
  return digits.empty() ? "unknown" : std::string(digits);
}

Error held_error(int descriptor, const std::string& path) {
  return fail(Errc::unavailable, path + " is held by another process (pid " +
                                     holder_of(descriptor) + "): stop that one first");
}

}  // namespace

Result<FileLock> FileLock::acquire(const std::string& path) {
  Descriptor file(
      open_at(AT_FDCWD, path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, kOursAlone));
  if (file.get() < 0) return file_error(errno, "cannot open the lock file", path);
  // A file of an earlier version could be opened, and so be locked, by its group.
  static_cast<void>(!::fchmod(file.get(), kOursAlone));
  if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return file_error(errno, "cannot lock", path);
    return held_error(file.get(), path);
  }
  // The pid is only for people, so the lock is held even if a full disk prevents the write.
  const auto pid = std::to_string(::getpid()) + "\n";
  if (::ftruncate(file.get(), 0) == 0)
    static_cast<void>(!::pwrite(file.get(), pid.data(), pid.size(), 0));
  return FileLock(std::move(file));
}

Result<FileLock> FileLock::acquire_shared(const std::string& path) {
  Descriptor file(open_at(AT_FDCWD, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (file.get() < 0) return file_error(errno, "cannot open the lock file", path);
  if (::flock(file.get(), LOCK_SH | LOCK_NB) == 0) return FileLock(std::move(file));
  if (errno != EWOULDBLOCK) return file_error(errno, "cannot lock", path);
  return held_error(file.get(), path);
}

Result<FileLock> FileLock::acquire_folder(const std::string& path) {
  Descriptor folder(open_at(AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (folder.get() < 0) return file_error(errno, "cannot open the folder", path);
  if (::flock(folder.get(), LOCK_EX | LOCK_NB) == 0) return FileLock(std::move(folder));
  if (errno != EWOULDBLOCK) return file_error(errno, "cannot lock", path);
  return fail(Errc::unavailable, path + " is held by another process: stop that one first");
}

}  // namespace attestrd
