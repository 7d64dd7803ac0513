#include "files/posix_drop.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <cerrno>

#include "files/posix_calls.h"

namespace attestrd {
namespace {

constexpr int kFolderFlags = O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
constexpr int kNewFileFlags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;

/// Makes a rename in a folder durable. A folder that can't be read can't be synced by itself, but
/// the file system can, through the file.
Result<void> sync_rename(int folder, bool is_readable, int file, const std::string& path) {
  if (is_readable) return sync_descriptor(folder, path);
  if (uninterrupted([file] { return ::syncfs(file); }) == 0) return {};
  return fail(Errc::io_failure, file_error(errno, "cannot sync the file system of", path).message);
}

}  // namespace

Result<void> drop_file(const std::string& folder, const std::string& name,
                       std::string_view contents) {
  Descriptor inside(open_at(AT_FDCWD, folder, O_RDONLY | kFolderFlags));
  const bool is_readable = inside.get() >= 0;
  if (!is_readable && errno == EACCES)
    inside = Descriptor(open_at(AT_FDCWD, folder, O_PATH | kFolderFlags));
  if (inside.get() < 0 && (errno == ENOTDIR || errno == ELOOP))
    return fail(Errc::unsafe_file, folder + " is a link or no folder: name the folder itself");
  if (inside.get() < 0) return file_error(errno, "cannot open the folder", folder);

  const std::string hidden_name = "." + name;
  const std::string path = folder + "/" + hidden_name;
  const Descriptor file(open_at(inside.get(), hidden_name, kNewFileFlags, 0640));
  if (file.get() < 0) return file_error(errno, "cannot create", path);
  auto dropped = write_all(file.get(), contents, path);
  if (dropped) dropped = sync_descriptor(file.get(), path);
  if (dropped && ::renameat2(inside.get(), hidden_name.c_str(), inside.get(), name.c_str(),
                             RENAME_NOREPLACE) != 0)
    dropped = file_error(errno, "cannot rename " + path + " to", folder + "/" + name);
  if (!dropped) ::unlinkat(inside.get(), hidden_name.c_str(), 0);
  return dropped ? sync_rename(inside.get(), is_readable, file.get(), folder) : dropped;
}

}  // namespace attestrd
