#include "files/posix_new_file.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace attestrd {

Result<NewFile> NewFile::create(const std::string& path) {
  struct stat info {};
  if (::lstat(path.c_str(), &info) == 0)
    return fail(Errc::already_exists, path + " exists already: name a new file");
  NewFile file(path, Descriptor());
  const auto hidden = file.hidden_path();
  Descriptor opened(open_at(AT_FDCWD, hidden, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (opened.get() < 0) return file_error(errno, "cannot create", hidden);
  // A process that was killed may have left the file. A living one has it locked.
  if (::flock(opened.get(), LOCK_EX | LOCK_NB) != 0)
    return fail(Errc::already_exists, hidden + " is being written by another process");
  file.file_ = std::move(opened);
  if (!file.owns_hidden_path()) {
    file.file_ = Descriptor();
    return fail(Errc::already_exists, hidden + " is the file of another process or user");
  }
  if (::ftruncate(file.file_.get(), 0) != 0 || ::fchmod(file.file_.get(), 0600) != 0)
    return file_error(errno, "cannot empty", hidden);
  return file;
}

NewFile::~NewFile() {
  if (file_.get() >= 0) ::unlink(hidden_path().c_str());
}

/// Returns whether the file is still at its path, and is a plain file of this user.
bool NewFile::owns_hidden_path() const {
  struct stat ours {};
  struct stat there {};
  return ::fstat(file_.get(), &ours) == 0 && ::lstat(hidden_path().c_str(), &there) == 0 &&
         ours.st_dev == there.st_dev && ours.st_ino == there.st_ino && S_ISREG(ours.st_mode) &&
         ours.st_uid == ::geteuid();
}

Result<void> NewFile::commit() {
  if (const auto synced = sync_descriptor(file_.get(), hidden_path()); !synced) return synced;
  if (::renameat2(AT_FDCWD, hidden_path().c_str(), AT_FDCWD, path_.c_str(), RENAME_NOREPLACE) != 0)
    return file_error(errno, "cannot rename " + hidden_path() + " to", path_);
  file_ = Descriptor();
  const auto slash = path_.rfind('/');
  const auto folder = slash == path_.npos ? std::string(".") : path_.substr(0, slash + 1);
  const Descriptor inside(open_at(AT_FDCWD, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (inside.get() < 0) return file_error(errno, "cannot open the folder", folder);
  return sync_descriptor(inside.get(), folder);
}

}  // namespace attestrd
