#include "files/posix_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <iterator>
#include <optional>
#include <utility>

#include "base/check.h"

namespace attestrd {
namespace {

constexpr int kOpenFlags = O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;

/// Closes what it holds.
class Descriptor {
 public:
  explicit Descriptor(int value) : value_(value) {}
  ~Descriptor() {
    if (value_ >= 0) ::close(value_);
  }
  Descriptor(Descriptor&& other) noexcept : value_(std::exchange(other.value_, -1)) {}
  Descriptor& operator=(Descriptor&&) = delete;

  int get() const { return value_; }
  int release() { return std::exchange(value_, -1); }

 private:
  int value_;
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

int open_at(int folder, const std::string& name, int flags, mode_t mode = 0) {
  return uninterrupted([&] { return ::openat(folder, name.c_str(), flags, mode); });
}

FileInfo::Kind kind_of(mode_t mode) {
  if (S_ISREG(mode)) return FileInfo::Kind::regular;
  if (S_ISDIR(mode)) return FileInfo::Kind::folder;
  if (S_ISLNK(mode)) return FileInfo::Kind::symlink;
  return FileInfo::Kind::other;
}

using FileTime = decltype(FileInfo::modified_at);

/// Anybody may set a time that nanoseconds since 1970 have no room for.
FileTime time_of(const struct statx_timestamp& time) {
  using std::chrono::seconds;
  constexpr auto kLatest = std::chrono::floor<seconds>(FileTime::max().time_since_epoch()).count();
  const std::int64_t bounded = std::clamp<std::int64_t>(time.tv_sec, -kLatest, kLatest - 1);
  return FileTime(seconds(bounded) + std::chrono::nanoseconds(time.tv_nsec));
}

/// Of an open file, with an empty name; or of a name in an open folder.
Result<FileInfo> inspect_at(int descriptor, const std::string& name, const std::string& path) {
  constexpr int kFlags = AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT;
  struct statx status {};
  if (::statx(descriptor, name.c_str(), kFlags, STATX_BASIC_STATS | STATX_MNT_ID, &status) != 0)
    return file_error(errno, "cannot inspect", path);
  FileInfo info;
  info.kind = kind_of(status.stx_mode);
  info.size_bytes = status.stx_size;
  info.links = status.stx_nlink;
  info.device = ::makedev(status.stx_dev_major, status.stx_dev_minor);
  info.inode = status.stx_ino;
  info.mount = status.stx_mnt_id;
  info.modified_at = time_of(status.stx_mtime);
  info.is_ours = status.stx_uid == ::geteuid() || status.stx_uid == 0;
  info.writable_by_others = (status.stx_mode & S_IWOTH) != 0;
  return info;
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

/// Never `disk_full`: what could not be synced may be lost already, so no caller may try again.
Result<void> sync_descriptor(int descriptor, const std::string& path) {
  if (uninterrupted([descriptor] { return ::fsync(descriptor); }) == 0) return {};
  return fail(Errc::io_failure, file_error(errno, "cannot sync", path).message);
}

/// Before Linux 5.8, syncfs() did not tell what could not be written.
bool can_sync_all() {
  static const bool can = [] {
    utsname system;
    int major = 0;
    int minor = 0;
    return ::uname(&system) == 0 && std::sscanf(system.release, "%d.%d", &major, &minor) == 2 &&
           std::pair(major, minor) >= std::pair(5, 8);
  }();
  return can;
}

class PosixFile final : public ReadableFile {
 public:
  PosixFile(std::string path, Descriptor descriptor)
      : path_(std::move(path)), descriptor_(std::move(descriptor)) {}

  Result<std::size_t> read(std::span<char> room) override {
    for (;;) {
      const ssize_t count = ::read(descriptor_.get(), room.data(), room.size());
      if (count >= 0) return static_cast<std::size_t>(count);
      if (errno != EINTR) return file_error(errno, "cannot read", path_);
    }
  }

  Result<FileInfo> inspect() override { return inspect_at(descriptor_.get(), "", path_); }

  /// A read lease (fcntl(2), F_SETLEASE) is granted only while nobody has the file open for
  /// writing, and only to its owner or with CAP_LEASE. Should one open it while we hold the lease,
  /// the kernel sends a signal: SIGURG, which is ignored, instead of SIGIO, which would kill.
  Writers writers() override {
    const int file = descriptor_.get();
    if (::fcntl(file, F_SETSIG, SIGURG) != 0) return Writers::unknown;
    if (::fcntl(file, F_SETLEASE, F_RDLCK) == 0) {
      ::fcntl(file, F_SETLEASE, F_UNLCK);
      return Writers::none;
    }
    return errno == EAGAIN ? Writers::some : Writers::unknown;
  }

 private:
  std::string path_;
  Descriptor descriptor_;
};

/// Why a file that was opened is none that we read.
std::optional<std::string> objection_to(const FileInfo& info, std::uint64_t max_bytes) {
  if (info.kind != FileInfo::Kind::regular) return "it is not a plain file";
  if (info.links != 1) return "it has " + std::to_string(info.links) + " hard links";
  if (info.size_bytes > max_bytes)
    return "it has more than " + std::to_string(max_bytes) + " bytes";
  return std::nullopt;
}

Errc sort_error(int error) {
  switch (error) {
    case ENOSPC:
    case EDQUOT: return Errc::disk_full;
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

std::string join(const std::string& folder, std::string_view name) {
  return folder + "/" + std::string(name);
}

}  // namespace

Error file_error(int error, std::string_view what, std::string_view path) {
  return fail(sort_error(error),
              std::string(what) + " " + std::string(path) + ": " + std::strerror(error));
}

bool may_pass(int error) {
  constexpr int kPassing[] = {EIO, EINTR, ENOSPC, EMFILE, ENFILE, ENOMEM};
  return std::ranges::find(kPassing, error) != std::end(kPassing);
}

Result<std::unique_ptr<PosixDirectory>> PosixDirectory::open(const std::string& path) {
  Descriptor folder(open_at(AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (folder.get() < 0 && (errno == ENOTDIR || errno == ELOOP))
    return fail(Errc::unsafe_file, path + " is a link or no folder: name the folder itself");
  if (folder.get() < 0) return file_error(errno, "cannot open the folder", path);
  return std::unique_ptr<PosixDirectory>(new PosixDirectory(path, folder.release()));
}

PosixDirectory::~PosixDirectory() { ::close(descriptor_); }

bool PosixDirectory::is_in_place() {
  struct stat ours;
  struct stat theirs;
  if (::fstat(descriptor_, &ours) != 0) return false;
  if (::stat(path_.c_str(), &theirs) != 0)
    return errno != ENOENT && errno != ENOTDIR && errno != ELOOP;  // Else nobody can tell.
  return ours.st_dev == theirs.st_dev && ours.st_ino == theirs.st_ino;
}

Result<std::vector<std::string>> PosixDirectory::list() {
  // A descriptor of its own: a shared one would go on from where the last listing ended.
  Descriptor own(open_at(descriptor_, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (own.get() < 0) return file_error(errno, "cannot open the folder", path_);
  const std::unique_ptr<DIR, int (*)(DIR*)> stream(::fdopendir(own.get()), ::closedir);
  if (stream == nullptr) return file_error(errno, "cannot list", path_);
  own.release();

  std::vector<std::string> names;
  for (;;) {
    errno = 0;
    const dirent* const entry = ::readdir(stream.get());
    if (entry == nullptr) break;
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  if (errno != 0) return file_error(errno, "cannot list", path_);
  std::sort(names.begin(), names.end());
  return names;
}

Result<FileInfo> PosixDirectory::inspect(std::string_view name) {
  ATTESTRD_CHECK(!name.empty());
  return inspect_at(descriptor_, std::string(name), join(path_, name));
}

Result<std::unique_ptr<ReadableFile>> PosixDirectory::open(std::string_view name,
                                                           std::uint64_t max_bytes) {
  const auto path = join(path_, name);
  Descriptor file(open_at(descriptor_, std::string(name), O_RDONLY | kOpenFlags));
  if (file.get() < 0 && (errno == ENXIO || errno == ENODEV))
    return fail(Errc::unsafe_file, path + " is a socket or a device");
  if (file.get() < 0) return file_error(errno, "cannot open", path);
  const auto info = inspect_at(file.get(), "", path);
  if (!info) return info.error();
  if (const auto objection = objection_to(*info, max_bytes))
    return fail(Errc::unsafe_file, "cannot take " + path + ": " + *objection);
  return std::unique_ptr<ReadableFile>(new PosixFile(path, std::move(file)));
}

Result<void> PosixDirectory::create(std::string_view name, std::string_view contents) {
  return make(name, contents, true);
}

Result<void> PosixDirectory::write(std::string_view name, std::string_view contents) {
  return make(name, contents, !can_sync_all());
}

Result<void> PosixDirectory::make(std::string_view name, std::string_view contents,
                                  bool is_durable) {
  const auto path = join(path_, name);
  const std::string own_name(name);
  const Descriptor file(
      open_at(descriptor_, own_name, O_WRONLY | O_CREAT | O_EXCL | kOpenFlags, 0640));
  if (file.get() < 0) return file_error(errno, "cannot create", path);
  ::fchmod(file.get(), 0640);  // Whatever the umask; a failure leaves it narrower.
  auto written = write_all(file.get(), contents, path);
  if (written && is_durable) written = sync_descriptor(file.get(), path);
  if (!written) ::unlinkat(descriptor_, own_name.c_str(), 0);
  return written;
}

Result<Moved> PosixDirectory::move(std::string_view name, Directory& target,
                                   std::string_view target_name) {
  auto* const to = dynamic_cast<PosixDirectory*>(&target);
  ATTESTRD_CHECK(to != nullptr);
  if (::renameat2(descriptor_, std::string(name).c_str(), to->descriptor_,
                  std::string(target_name).c_str(), RENAME_NOREPLACE) == 0)
    return Moved::done;
  if (errno == EEXIST) return Moved::name_taken;
  if (errno == EXDEV) return Moved::other_mount;
  return file_error(errno, "cannot rename " + join(path_, name) + " to",
                    join(to->path_, target_name));
}

Result<void> PosixDirectory::remove(std::string_view name) {
  if (::unlinkat(descriptor_, std::string(name).c_str(), 0) != 0)
    return file_error(errno, "cannot remove", join(path_, name));
  return {};
}

Result<void> PosixDirectory::sync() { return sync_descriptor(descriptor_, path_); }

// The whole file system: what others have written to it too, which may make it slow, but wrong
// never. It tells of all that could not be written since the folder was opened.
Result<void> PosixDirectory::sync_all() {
  if (!can_sync_all()) return sync();
  if (uninterrupted([this] { return ::syncfs(descriptor_); }) == 0) return {};
  return fail(Errc::io_failure, file_error(errno, "cannot sync the file system of", path_).message);
}

Result<std::unique_ptr<Directory>> PosixDirectory::subfolder(std::string_view name) {
  const auto path = join(path_, name);
  const std::string own_name(name);
  const bool is_new = ::mkdirat(descriptor_, own_name.c_str(), 0750) == 0;
  if (!is_new && errno != EEXIST) return file_error(errno, "cannot make the folder", path);
  Descriptor folder(
      open_at(descriptor_, own_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (folder.get() < 0 && (errno == ENOTDIR || errno == ELOOP))
    return fail(Errc::unsafe_file, path + " is a link or no folder: move it away");
  if (folder.get() < 0) return file_error(errno, "cannot open the folder", path);
  if (::faccessat(folder.get(), ".", W_OK | X_OK, AT_EACCESS) != 0)
    return file_error(errno, "cannot write to the folder", path);
  if (is_new) {
    const auto synced = sync();
    if (!synced) return synced.error();
  }
  return std::unique_ptr<Directory>(new PosixDirectory(path, folder.release()));
}

}  // namespace attestrd
