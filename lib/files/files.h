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

/// What the system says of a name in a folder. A symbolic link is never followed.
struct FileInfo {
  enum class Kind : std::uint8_t { regular, folder, symlink, other };

  Kind kind = Kind::other;
  std::uint64_t size_bytes = 0;
  std::uint64_t links = 0;
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::uint64_t mount = 0;  ///< One device may be mounted at many places; no rename crosses them.
  std::chrono::sys_time<std::chrono::nanoseconds> modified_at{};  ///< Or the nearest it can say.
  bool is_ours = false;                                           ///< It belongs to us or to root.
  bool writable_by_others = false;  ///< By anybody but its owner and its group.

  friend bool operator==(const FileInfo&, const FileInfo&) = default;
};

/// Whether nothing has happened to it since. Of what is no plain file, others may change the time
/// as often as they like: it stays what it is.
bool is_unchanged(const FileInfo& then, const FileInfo& now);

/// Whether somebody has a file open for writing.
enum class Writers : std::uint8_t {
  none,
  some,
  unknown,  ///< The system does not tell us of a file that is not ours.
};

/// A plain file that is being read, from its beginning to its end.
class ReadableFile {
 public:
  virtual ~ReadableFile() = default;

  /// Fills the front of `room` and returns how many bytes that were; none: the end.
  virtual Result<std::size_t> read(std::span<char> room) = 0;

  virtual Result<FileInfo> inspect() = 0;

  virtual Writers writers() = 0;
};

/// How a rename without replacing ended.
enum class Moved : std::uint8_t {
  done,
  name_taken,   ///< The target folder has the name already. Nothing was changed.
  other_mount,  ///< The folders lie on different mounts. Nothing was changed.
};

/// Does a piece of work, and tells whether there is more.
using Meanwhile = std::function<bool()>;

/// The door to files: an open folder. It takes single names, never paths, and nothing that lies
/// behind a symbolic link, so that no file outside can be meant. What it makes has the mode that is
/// told, less what the umask takes (see main). Its hand is `posix_files`.
///
/// Errors: `disk_full` changes nothing and may be tried again. Any trouble of a sync is
/// `io_failure` and must not be tried again, since the system may have dropped what it could not
/// write.
class Directory {
 public:
  virtual ~Directory() = default;

  /// For messages.
  virtual const std::string& path() const = 0;

  /// Whether its path still leads to it. Not once it was moved or removed, something was mounted
  /// over it, or another folder took its name: what is done in it then is seen by nobody.
  virtual bool is_in_place() = 0;

  /// All names but `.` and `..`, sorted by their bytes.
  virtual Result<std::vector<std::string>> list() = 0;

  /// `not_found` when the name is not there.
  virtual Result<FileInfo> inspect(std::string_view name) = 0;

  /// Opens a plain file of one link and at most `max_bytes`; `unsafe_file` for anything else.
  virtual Result<std::unique_ptr<ReadableFile>> open(std::string_view name,
                                                     std::uint64_t max_bytes) = 0;

  /// Writes a new file (0640) and syncs it. The name itself is durable after sync(). On any error
  /// the name is gone again; `already_exists` leaves what is there alone.
  virtual Result<void> create(std::string_view name, std::string_view contents) = 0;

  /// As create(), but neither contents nor name are durable before a sync_all() that begins later.
  virtual Result<void> write(std::string_view name, std::string_view contents) = 0;

  /// Renames without ever replacing. Durable after sync() of both: first of the target, for a
  /// power cut may then leave the file in both folders, but never in none.
  virtual Result<Moved> move(std::string_view name, Directory& target,
                             std::string_view target_name) = 0;

  /// `not_found` when the name is not there.
  virtual Result<void> remove(std::string_view name) = 0;

  /// Makes durable which names the folder holds. While the disk is at work `meanwhile`, unless it
  /// is empty, may be called, by the same thread, until the disk is done or it returns false.
  virtual Result<void> sync(const Meanwhile& meanwhile) = 0;
  Result<void> sync() { return sync({}); }

  /// As sync(), and all that was written in it before: in one go, so that it costs about as much
  /// for a thousand files as for one.
  virtual Result<void> sync_all(const Meanwhile& meanwhile) = 0;

  /// Opens a folder in this one; makes it (0750) if it is not there. `unsafe_file` when the name is
  /// a link or no folder, `permission_denied` when it is not ours to write.
  virtual Result<std::unique_ptr<Directory>> subfolder(std::string_view name) = 0;
};

/// `io_failure` when the folder is not in its place any more.
Result<void> check_place(Directory& folder);

/// Reads a whole file that `Directory::open` takes.
Result<std::string> read_file(Directory& folder, std::string_view name, std::uint64_t max_bytes);

/// `NAME`, `NAME.2`, `NAME.3`, ...: what a file is called when the names before are taken. The
/// number goes before the ending of `ending`, if that is how the name ends: `ID.2.json`.
std::string numbered_name(std::string_view name, unsigned number, std::string_view ending = "");

/// The lowest number that makes a name which is free in `folder`, if those before it are all taken;
/// else one that is free. Looks at few names, however many are taken.
Result<unsigned> free_number(Directory& folder, std::string_view name,
                             std::string_view ending = "");

/// The name with all but plain ASCII, and a dot or a hyphen at its start, as `%XX`; cut short when
/// it gets too long. Safe to show and to hand to a shell.
std::string harmless_name(std::string_view name);

}  // namespace attestrd
