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
  std::chrono::sys_time<std::chrono::nanoseconds> modified_at{};  ///< Clamped to the type's range.
  std::chrono::sys_time<std::chrono::nanoseconds>
      changed_at{};                 ///< Contents or attributes; likewise.
  bool is_ours = false;             ///< Owned by this user or by root.
  bool writable_by_others = false;  ///< Writable by users who are neither its owner nor its group.

  friend bool operator==(const FileInfo&, const FileInfo&) = default;
};

/// Returns whether a file is unchanged. For anything but a plain file only the identity counts:
/// other users may change the time of a fifo or a folder as often as they like.
bool is_unchanged(const FileInfo& then, const FileInfo& now);

/// The processes that have a file open for writing.
enum class Writers : std::uint8_t {
  none,
  some,
  unknown,  ///< The system gives no answer, e.g. for a file of another owner.
};

/// A plain file that is open for reading.
class ReadableFile {
 public:
  virtual ~ReadableFile() = default;

  /// Reads into the front of `room` from an offset and returns the number of bytes; 0: the offset
  /// is not before the end of the file.
  virtual Result<std::size_t> read(std::uint64_t offset, std::span<char> room) = 0;

  virtual Result<FileInfo> inspect() = 0;

  virtual Writers writers() = 0;
};

/// The outcome of a rename without replacing.
enum class Moved : std::uint8_t {
  done,
  name_taken,   ///< The target folder has the name already. Nothing was changed.
  other_mount,  ///< The folders are on different mounts. Nothing was changed.
};

/// A function that does a piece of work and returns whether there is more.
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

  /// Returns the path of the folder, for messages.
  virtual const std::string& path() const = 0;

  /// Returns whether its path still leads to it. This is false once the folder was moved or
  /// removed, another file system was mounted over it, or another folder has its name: no reader
  /// would see a file that is created in it then.
  virtual bool is_in_place() = 0;

  /// Returns all names but `.` and `..`, sorted by their bytes.
  virtual Result<std::vector<std::string>> list() = 0;

  /// Returns the attributes of a name, or `not_found` if it does not exist.
  virtual Result<FileInfo> inspect(std::string_view name) = 0;

  /// Returns whether something is mounted on a name. Any user may mount a file system that never
  /// answers on a file of his own: this function does not ask it, while inspect() and open() do.
  virtual bool is_mounted_on(std::string_view name) = 0;

  /// Opens a plain file of one link and at most `max_bytes`. Returns `unsafe_file` for anything
  /// else.
  virtual Result<std::unique_ptr<ReadableFile>> open(std::string_view name,
                                                     std::uint64_t max_bytes) = 0;

  /// Writes a new file (0640) and syncs it. The name itself is durable after sync(). On any error
  /// the name is removed again; `already_exists` leaves the existing file alone.
  virtual Result<void> create(std::string_view name, std::string_view contents) = 0;

  /// Writes a new file as create() does, but neither its contents nor its name are durable before a
  /// sync_all() that begins later.
  virtual Result<void> write(std::string_view name, std::string_view contents) = 0;

  /// Renames a file and never replaces another. The move is durable after sync() of both folders.
  /// Sync the target first: a power cut may then leave the file in both folders, but never in none.
  /// A file of ours gets the group of the target if that has the set-group-ID bit, as a new file
  /// would.
  virtual Result<Moved> move(std::string_view name, Directory& target,
                             std::string_view target_name) = 0;

  /// Removes a file. Returns `not_found` if the name does not exist.
  virtual Result<void> remove(std::string_view name) = 0;

  /// Makes the names in the folder durable. Until the disk has finished, `meanwhile`, unless it is
  /// empty, may be called again and again, until it returns false.
  virtual Result<void> sync(const Meanwhile& meanwhile) = 0;
  Result<void> sync() { return sync({}); }

  /// Makes the names in the folder durable, as sync() does, and the contents of all files written
  /// in it: in one system call, so that a thousand files cost about as much as one.
  virtual Result<void> sync_all(const Meanwhile& meanwhile) = 0;

  /// Opens a folder in this one; creates it (0750, or 0700 if it is `ours_alone`) if it is absent.
  /// One that is `ours_alone` loses the rights that its group has.
  /// `unsafe_file` when the name is a link or no folder, `permission_denied` when we may not write
  /// to it.
  virtual Result<std::unique_ptr<Directory>> subfolder(std::string_view name, bool ours_alone) = 0;
  Result<std::unique_ptr<Directory>> subfolder(std::string_view name) {
    return subfolder(name, false);
  }
};

/// Returns `io_failure` if the folder is no longer in its place: see Directory::is_in_place().
Result<void> check_place(Directory& folder);

/// Reads a whole file by `Directory::open`. posix_reader.h reads files that are named by their
/// path.
Result<std::string> read_file(Directory& folder, std::string_view name, std::uint64_t max_bytes);

/// Returns one of `NAME`, `NAME.2`, `NAME.3`, ...: the name of a file when the earlier ones are in
/// use. If the name ends with `ending`, the number is put before it: `ID.2.json`.
std::string numbered_name(std::string_view name, unsigned number, std::string_view ending = "");

/// Returns a number whose name is free in `folder`. It is the lowest one if the names in use have
/// no gap. Checks few names, however many are in use (a binary search), unless other users have
/// taken numbers that make it fail.
Result<unsigned> free_number(Directory& folder, std::string_view name,
                             std::string_view ending = "");

/// Returns the name with all but letters, digits and `._-+=,@`, and a dot or hyphen at its start,
/// as
/// `%XX`. A long name is cut off. The result is safe in a terminal and in a shell.
std::string harmless_name(std::string_view name);

}  // namespace attestrd
