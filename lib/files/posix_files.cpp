#include "files/posix_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/xattr.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <future>
#include <optional>
#include <system_error>
#include <utility>

#include "base/check.h"
#include "files/posix_acl.h"
#include "files/posix_calls.h"
#include "files/posix_sync_times.h"

namespace attestrd {
namespace {

constexpr int kOpenFlags = O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;

/// Returns whether processes may write to a file without this kernel knowing: behind the server of
/// a FUSE or 9P mount. A lease on it, which the kernel grants, proves nothing.
bool is_served_elsewhere(int file) {
  struct statfs info;
  return ::fstatfs(file, &info) == 0 &&
         (info.f_type == FUSE_SUPER_MAGIC || info.f_type == V9FS_MAGIC);
}

class PosixFile final : public ReadableFile {
 public:
  PosixFile(std::string path, Descriptor descriptor)
      : path_(std::move(path)), descriptor_(std::move(descriptor)) {}

  Result<std::size_t> read(std::uint64_t offset, std::span<char> room) override {
    for (;;) {
      const ssize_t count =
          ::pread(descriptor_.get(), room.data(), room.size(), static_cast<off_t>(offset));
      if (count >= 0) return static_cast<std::size_t>(count);
      if (errno != EINTR) return file_error(errno, "cannot read", path_);
    }
  }

  Result<FileInfo> inspect() override { return inspect_at(descriptor_.get(), "", path_); }

  /// Checks for writers by a read lease (fcntl(2), F_SETLEASE). The kernel grants it only while no
  /// process has the file open for writing, and only to the owner of the file or with CAP_LEASE. If
  /// a process opens the file while the lease is held, the kernel sends a signal: SIGURG, which is
  /// ignored, instead of SIGIO, which would kill this process.
  Writers writers() override {
    const int file = descriptor_.get();
    if (is_served_elsewhere(file)) return Writers::unknown;
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

/// Returns the reason why an opened file is refused, or nothing if it is accepted.
std::optional<std::string> objection_to(const FileInfo& info, std::uint64_t max_bytes) {
  if (info.kind != FileInfo::Kind::regular) return "it is not a plain file";
  if (info.links != 1) return "it has " + std::to_string(info.links) + " hard links";
  if (info.size_bytes > max_bytes)
    return "it has more than " + std::to_string(max_bytes) + " bytes";
  return std::nullopt;
}

/// Runs `sync` on a thread of its own, since it waits for the disk most of the time, and calls
/// `meanwhile` on the caller's thread.
template <class Sync>
Result<void> beside(const Meanwhile& meanwhile, const Sync& sync) {
  if (!meanwhile) return sync();
  std::future<Result<void>> synced;
  try {
    synced = std::async(std::launch::async, sync);
  } catch (const std::system_error&) {
    return sync();  // No thread is available: slower, but correct.
  }
  while (synced.wait_for(std::chrono::seconds(0)) != std::future_status::ready && meanwhile()) {
  }
  return synced.get();
}

/// Returns the group that new files in the folder get, if it has the set-group-ID bit.
std::optional<std::uint32_t> group_of_files_in(int folder) {
  struct stat info;
  if (::fstat(folder, &info) != 0 || (info.st_mode & S_ISGID) == 0) return std::nullopt;
  return info.st_gid;
}

/// Lets the owner use a folder. A default ACL of its parent takes permissions from new folders, as
/// that of the inbox, which is made for files, takes `x`.
void open_to_owner(int folder) {
  struct stat info;
  if (::fstat(folder, &info) != 0 || info.st_uid != ::geteuid()) return;
  if ((info.st_mode & S_IRWXU) == S_IRWXU || (info.st_mode & S_IWOTH) != 0) return;
  [[maybe_unused]] const int ignored = ::fchmod(folder, (info.st_mode & 07777) | S_IRWXU);
}

/// Takes the rights of the group and of others away, unless others may write: that needs a person.
void close_to_members(int folder) {
  struct stat info;
  if (::fstat(folder, &info) != 0 || info.st_uid != ::geteuid()) return;
  if ((info.st_mode & S_IWOTH) == 0 && (info.st_mode & (S_IRWXG | S_IRWXO)) != 0)
    static_cast<void>(!::fchmod(folder, info.st_mode & (S_ISVTX | S_ISGID | S_IRWXU)));
}

std::string join(const std::string& folder, std::string_view name) {
  return folder + "/" + std::string(name);
}

}  // namespace

PosixDirectory::PosixDirectory(std::string path, Descriptor descriptor)
    : path_(std::move(path)),
      descriptor_(std::move(descriptor)),
      group_(group_of_files_in(descriptor_.get())),
      can_sync_all_(can_sync_all(descriptor_.get())) {}

Result<std::unique_ptr<PosixDirectory>> PosixDirectory::open(const std::string& path) {
  Descriptor folder(open_at(AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (folder.get() < 0 && (errno == ENOTDIR || errno == ELOOP))
    return fail(Errc::unsafe_file, path + " is a link or no folder: name the folder itself");
  if (folder.get() < 0) return file_error(errno, "cannot open the folder", path);
  return std::unique_ptr<PosixDirectory>(new PosixDirectory(path, std::move(folder)));
}

bool PosixDirectory::is_in_place() {
  struct stat ours;
  struct stat theirs;
  if (::fstat(descriptor_.get(), &ours) != 0) return false;
  if (::stat(path_.c_str(), &theirs) != 0)
    return errno != ENOENT && errno != ENOTDIR && errno != ELOOP;  // Other errors prove nothing.
  return ours.st_dev == theirs.st_dev && ours.st_ino == theirs.st_ino;
}

Result<std::vector<std::string>> PosixDirectory::list() {
  // A descriptor of its own: a shared one would continue where the last listing ended.
  Descriptor own(open_at(descriptor_.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
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
  return inspect_at(descriptor_.get(), std::string(name), join(path_, name));
}

bool PosixDirectory::is_mounted_on(std::string_view name) {
  const auto mount = mount_at(descriptor_.get(), std::string(name));
  return mount && mount != mount_at(descriptor_.get(), "");
}

Result<std::unique_ptr<ReadableFile>> PosixDirectory::open(std::string_view name,
                                                           std::uint64_t max_bytes) {
  const auto path = join(path_, name);
  Descriptor file(open_at(descriptor_.get(), std::string(name), O_RDONLY | kOpenFlags));
  if (file.get() < 0 && (errno == ENXIO || errno == ENODEV))
    return fail(Errc::unsafe_file, path + " is a socket or a device");
  if (file.get() < 0) return file_error(errno, "cannot open", path);
  const auto info = inspect_at(file.get(), "", path);
  if (!info) return info.error();
  if (const auto objection = objection_to(*info, max_bytes))
    return fail(Errc::unsafe_file, "cannot read " + path + ": " + *objection);
  return std::unique_ptr<ReadableFile>(new PosixFile(path, std::move(file)));
}

Result<void> PosixDirectory::create(std::string_view name, std::string_view contents) {
  return make(name, contents, true);
}

Result<void> PosixDirectory::write(std::string_view name, std::string_view contents) {
  return make(name, contents, !can_sync_all_);
}

Result<void> PosixDirectory::make(std::string_view name, std::string_view contents,
                                  bool is_durable) {
  const auto path = join(path_, name);
  const std::string own_name(name);
  const Descriptor file(
      open_at(descriptor_.get(), own_name, O_WRONLY | O_CREAT | O_EXCL | kOpenFlags, 0640));
  if (file.get() < 0) return file_error(errno, "cannot create", path);
  auto written = write_all(file.get(), contents, path);
  if (written && is_durable) written = sync_descriptor(file.get(), path);
  if (!written) ::unlinkat(descriptor_.get(), own_name.c_str(), 0);
  return written;
}

Result<Moved> PosixDirectory::move(std::string_view name, Directory& target,
                                   std::string_view target_name) {
  auto* const to = dynamic_cast<PosixDirectory*>(&target);
  ATTESTRD_CHECK(to != nullptr);
  to->give_group_to(name, *this);
  if (::renameat2(descriptor_.get(), std::string(name).c_str(), to->descriptor_.get(),
                  std::string(target_name).c_str(), RENAME_NOREPLACE) == 0)
    return Moved::done;
  if (errno == EEXIST) return Moved::name_taken;
  if (errno == EXDEV) return Moved::other_mount;
  return file_error(errno, "cannot rename " + join(path_, name) + " to",
                    join(to->path_, target_name));
}

/// Gives a file that is about to be moved here the group of all files here. Where a filter of
/// system calls forbids this, as that of the unit does, an ACL lets the group read the file. A
/// failure changes nothing else: the file belongs to another user, who alone may do this.
void PosixDirectory::give_group_to(std::string_view name, const PosixDirectory& from) const {
  if (!group_ || from.group_ == group_) return;
  const std::string own_name(name);
  if (::fchownat(from.descriptor_.get(), own_name.c_str(), static_cast<uid_t>(-1), *group_,
                 AT_SYMLINK_NOFOLLOW) == 0)
    return;
  const Descriptor file(open_at(from.descriptor_.get(), own_name, O_RDONLY | kOpenFlags));
  if (file.get() >= 0) let_group_read(file.get(), *group_);
}

Result<void> PosixDirectory::remove(std::string_view name) {
  if (::unlinkat(descriptor_.get(), std::string(name).c_str(), 0) != 0)
    return file_error(errno, "cannot remove", join(path_, name));
  return {};
}

Result<void> PosixDirectory::sync(const Meanwhile& meanwhile) {
  return beside(meanwhile, [this] { return sync_names(); });
}

Result<void> PosixDirectory::sync_all(const Meanwhile& meanwhile) {
  return beside(meanwhile, [this] { return can_sync_all_ ? sync_file_system() : sync_names(); });
}

Result<void> PosixDirectory::sync_names() const {
  return sync_descriptor(descriptor_.get(), path_);
}

// Syncs the whole file system, data of other processes included: that may be slow, but is never
// wrong. It reports every write error since the folder was opened.
Result<void> PosixDirectory::sync_file_system() const {
  const TimedSync timed;
  if (uninterrupted([this] { return ::syncfs(descriptor_.get()); }) == 0) return {};
  return fail(Errc::io_failure, file_error(errno, "cannot sync the file system of", path_).message);
}

Result<std::unique_ptr<Directory>> PosixDirectory::subfolder(std::string_view name,
                                                             bool ours_alone) {
  const auto path = join(path_, name);
  const std::string own_name(name);
  const bool is_new = ::mkdirat(descriptor_.get(), own_name.c_str(), ours_alone ? 0700 : 0750) == 0;
  if (!is_new && errno != EEXIST) return file_error(errno, "cannot make the folder", path);
  Descriptor folder(
      open_at(descriptor_.get(), own_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (folder.get() < 0 && (errno == ENOTDIR || errno == ELOOP))
    return fail(Errc::unsafe_file, path + " is a link or no folder: move it away");
  if (folder.get() < 0) return file_error(errno, "cannot open the folder", path);
  if (is_new || ours_alone) open_to_owner(folder.get());
  if (::faccessat(folder.get(), ".", W_OK | X_OK, AT_EACCESS) != 0)
    return file_error(errno, "cannot write to the folder", path);
  if (!is_new && ours_alone) close_to_members(folder.get());
  if (is_new) {
    const auto synced = sync();
    if (!synced) return synced.error();
  }
  return std::unique_ptr<Directory>(new PosixDirectory(path, std::move(folder)));
}

bool shares_new_files(const std::string& folder) {
  struct stat info;
  if (::stat(folder.c_str(), &info) != 0 || (info.st_mode & S_IWGRP) == 0) return false;
  return ::getxattr(folder.c_str(), XATTR_NAME_POSIX_ACL_DEFAULT, nullptr, 0) < 0;
}

}  // namespace attestrd
