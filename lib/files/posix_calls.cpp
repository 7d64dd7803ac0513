#include "files/posix_calls.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <sys/utsname.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <iterator>
#include <optional>

#include "files/posix_sync_times.h"

namespace attestrd {
namespace {

FileInfo::Kind kind_of(mode_t mode) {
  if (S_ISREG(mode)) return FileInfo::Kind::regular;
  if (S_ISDIR(mode)) return FileInfo::Kind::folder;
  if (S_ISLNK(mode)) return FileInfo::Kind::symlink;
  return FileInfo::Kind::other;
}

using FileTime = decltype(FileInfo::modified_at);

/// Returns the time, clamped: any user may set a time that nanoseconds since 1970 can't represent.
FileTime time_of(const struct statx_timestamp& time) {
  using std::chrono::seconds;
  constexpr auto kLatest = std::chrono::floor<seconds>(FileTime::max().time_since_epoch()).count();
  const std::int64_t bounded = std::clamp<std::int64_t>(time.tv_sec, -kLatest, kLatest - 1);
  return FileTime(seconds(bounded) + std::chrono::nanoseconds(time.tv_nsec));
}

Errc sort_error(int error) {
  switch (error) {
    case ENOSPC:
    case EDQUOT: return Errc::disk_full;
    case EMFILE:
    case ENFILE:
    case ENOMEM: return Errc::shortage;
    case EACCES:
    case EPERM:
    case EROFS:
    case EBUSY: return Errc::permission_denied;  // EBUSY: something is mounted on it.
    case ENOENT: return Errc::not_found;
    case EEXIST: return Errc::already_exists;
    case EAGAIN: return Errc::unavailable;  // Another process holds a lease on it.
    case ELOOP:
    case ENOTDIR:
    case EISDIR: return Errc::unsafe_file;
    default: return Errc::io_failure;
  }
}

constexpr int kInspectFlags = AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT;

}  // namespace

int open_at(int folder, const std::string& name, int flags, mode_t mode) {
  return uninterrupted([&] { return ::openat(folder, name.c_str(), flags, mode); });
}

Result<FileInfo> inspect_at(int descriptor, const std::string& name, const std::string& path) {
  struct statx status {};
  if (::statx(descriptor, name.c_str(), kInspectFlags, STATX_BASIC_STATS | STATX_MNT_ID, &status) !=
      0)
    return file_error(errno, "cannot inspect", path);
  FileInfo info;
  info.kind = kind_of(status.stx_mode);
  info.size_bytes = status.stx_size;
  info.links = status.stx_nlink;
  info.device = ::makedev(status.stx_dev_major, status.stx_dev_minor);
  info.inode = status.stx_ino;
  info.mount = status.stx_mnt_id;
  info.modified_at = time_of(status.stx_mtime);
  info.changed_at = time_of(status.stx_ctime);
  info.is_ours = status.stx_uid == ::geteuid() || status.stx_uid == 0;
  info.writable_by_others = (status.stx_mode & S_IWOTH) != 0;
  return info;
}

std::optional<std::uint64_t> mount_at(int descriptor, const std::string& name) {
  struct statx status {};
  constexpr int kFlags = kInspectFlags | AT_STATX_DONT_SYNC;
  if (::statx(descriptor, name.c_str(), kFlags, STATX_MNT_ID, &status) != 0) return std::nullopt;
  return status.stx_mnt_id;
}

Result<void> write_all(int descriptor, std::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(descriptor, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return file_error(errno, "cannot write", path);
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return {};
}

Result<void> sync_descriptor(int descriptor, const std::string& path) {
  const TimedSync timed;
  if (uninterrupted([descriptor] { return ::fsync(descriptor); }) == 0) return {};
  return fail(Errc::io_failure, file_error(errno, "cannot sync", path).message);
}

bool can_sync_all(int descriptor) {
  static const bool reports_errors = [] {
    utsname system;
    int major = 0;
    int minor = 0;
    return ::uname(&system) == 0 && std::sscanf(system.release, "%d.%d", &major, &minor) == 2 &&
           std::pair(major, minor) >= std::pair(5, 17);
  }();
  struct statfs system {};
  return reports_errors && ::fstatfs(descriptor, &system) == 0 &&
         system.f_type != OVERLAYFS_SUPER_MAGIC;
}

Error file_error(int error, std::string_view what, std::string_view path) {
  return fail(sort_error(error),
              std::string(what) + " " + std::string(path) + ": " + std::strerror(error));
}

bool may_pass(int error) {
  constexpr int kPassing[] = {EIO, EINTR, ENOSPC, EMFILE, ENFILE, ENOMEM};
  return std::ranges::find(kPassing, error) != std::end(kPassing);
}

}  // namespace attestrd
