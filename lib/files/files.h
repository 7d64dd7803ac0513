#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace attestrd {

/// The attributes of a name in a folder. A symbolic link is never followed.
struct FileInfo {
  enum class Kind : std::uint8_t { regular, folder, symlink, other };

  Kind kind = Kind::other;
  std::uint64_t size_bytes = 0;
  std::uint64_t links = 0;
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::uint64_t mount = 0;  ///< A rename can't cross mounts, not even of one device.
  std::chrono::sys_time<std::chrono::nanoseconds> modified_at{};  ///< Clamped to what it can hold.
  bool is_ours = false;                                           ///< Owned by our user or by root.
  bool writable_by_others = false;  ///< By users outside of its owner and its group.

  friend bool operator==(const FileInfo&, const FileInfo&) = default;
};

/// Whether a file is unchanged. Of anything but a plain file only the identity counts: others may
/// change the time of a fifo or a folder as often as they like.
bool is_unchanged(const FileInfo& then, const FileInfo& now);

/// Whether any process has a file open for writing.
enum class Writers : std::uint8_t {
  none,
  some,
  unknown,  ///< The system does not answer for a file of another owner.
};

/// A plain file that is read from its beginning to its end.
class ReadableFile {
 public:
  virtual ~ReadableFile() = default;

  /// Reads into the front of `room` and returns the number of bytes; 0: the end of the file.
  virtual Result<std::size_t> read(std::span<char> room) = 0;

  virtual Result<FileInfo> inspect() = 0;

  virtual Writers writers() = 0;
};

/// The outcome of a rename without replacing.
enum class Moved : std::uint8_t {
  done,
  name_taken,   ///< The target folder has the name already. Nothing was changed.
  other_mount,  ///< The folders lie on different mounts. Nothing was changed.
};

/// Does a piece of work and returns whether there is more.
using Meanwhile = std::function<bool()>;

/// The interface to files: an open folder. It accepts single names, never paths, and follows no
/// symbolic link, so that no file outside of it can be reached. New files and folders get the mode
/// that is documented, minus the bits of the umask (see main). `posix_files` implements it.
///
/// Threads: one thread at a time uses an object, the target of a move included. sync() and
/// sync_all() may work on a thread of their own until they return, and call `meanwhile` on the
/// caller's.
///
/// Errors: after `disk_full` nothing has changed, and the call may be repeated. Any failure of a
/// sync is `io_failure` and must not be retried, since the kernel may have dropped the data that it
/// could not write.
class Directory {
 public:
  virtual ~Directory() = default;

  /// For messages.
  virtual const std::string& path() const = 0;

  /// Whether its path still leads to it. It does not once the folder was moved or removed, another
  /// file system was mounted over it, or another folder has its name: a file made in it then is
  /// visible to no reader.
  virtual bool is_in_place() = 0;

  /// All names but `.` and `..`, sorted by their bytes.
  virtual Result<std::vector<std::string>> list() = 0;

  /// `not_found` when the name is not there.
  virtual Result<FileInfo> inspect(std::string_view name) = 0;

  /// Opens a plain file of one link and at most `max_bytes`; `unsafe_file` for anything else.
  virtual Result<std::unique_ptr<ReadableFile>> open(std::string_view name,
                                                     std::uint64_t max_bytes) = 0;

  /// Writes a new file (0640) and syncs it. The name itself is durable after sync(). On any error
  /// the name is removed again; `already_exists` leaves the existing file alone.
  virtual Result<void> create(std::string_view name, std::string_view contents) = 0;

  /// As create(), but neither contents nor name are durable before a sync_all() that begins later.
  virtual Result<void> write(std::string_view name, std::string_view contents) = 0;

  /// Renames and never replaces. Durable after sync() of both folders. Sync the target first: a
  /// power cut may then leave the file in both folders, but never in none.
  virtual Result<Moved> move(std::string_view name, Directory& target,
                             std::string_view target_name) = 0;

  /// `not_found` when the name is not there.
  virtual Result<void> remove(std::string_view name) = 0;

  /// Makes the names in the folder durable. Until the disk has finished, `meanwhile`, unless it is
  /// empty, may be called again and again, until it returns false.
  virtual Result<void> sync(const Meanwhile& meanwhile) = 0;
  Result<void> sync() { return sync({}); }

  /// As sync(), and makes the contents of all files written in the folder durable: in one call to
  /// the system, so that a thousand files cost about as much as one.
  virtual Result<void> sync_all(const Meanwhile& meanwhile) = 0;

  /// Opens a folder in this one; creates it (0750) if it is absent. `unsafe_file` when the name is
  /// a link or no folder, `permission_denied` when we may not write to it.
  virtual Result<std::unique_ptr<Directory>> subfolder(std::string_view name) = 0;
};

/// `io_failure` when the folder is no longer in its place: see Directory::is_in_place().
Result<void> check_place(Directory& folder);

/// Reads a whole file by `Directory::open`. For files named by their path see posix_reader.h.
Result<std::string> read_file(Directory& folder, std::string_view name, std::uint64_t max_bytes);

/// `NAME`, `NAME.2`, `NAME.3`, ...: the name of a file when the earlier ones are in use. If the
/// name ends with `ending`, the number is put before it: `ID.2.json`.
std::string numbered_name(std::string_view name, unsigned number, std::string_view ending = "");

/// A number whose name is free in `folder`: the lowest, if all before it are in use. Checks few
/// names, however many are in use (a binary search).
Result<unsigned> free_number(Directory& folder, std::string_view name,
                             std::string_view ending = "");

/// The name with everything but plain ASCII, and a dot or a hyphen at its start, as `%XX`; cut off
/// if it is too long. Safe in a terminal and in a shell.
std::string harmless_name(std::string_view name);

}  // namespace attestrd
