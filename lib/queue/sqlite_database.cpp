#include "queue/sqlite_database.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <iterator>

#include "base/check.h"

namespace attestrd {
namespace {

constexpr int kCheckpointPages = 1000;

bool means_no_room(int system_error) { return system_error == ENOSPC || system_error == EDQUOT; }

/// Returns whether no file can be made in the folder, for lack of room.
bool has_no_room_for_a_file(const std::string& folder) {
  const int file = ::open(folder.c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
  if (file < 0) return means_no_room(errno);
  ::close(file);
  return false;
}

bool is_out_of_room(int code, int system_error, const std::string& folder) {
  if (code == SQLITE_FULL) return true;
  // SQLite opens a file that it can't make once more, to read it, and shows the error of that.
  if ((code & 0xff) == SQLITE_CANTOPEN) return has_no_room_for_a_file(folder);
  return (code & 0xff) == SQLITE_IOERR && code != SQLITE_IOERR_FSYNC &&
         code != SQLITE_IOERR_DIR_FSYNC && means_no_room(system_error);
}

std::string folder_of(const std::string& path) { return path.substr(0, path.rfind('/') + 1) + "."; }

bool may_write_to(const std::string& name) {
  return ::faccessat(AT_FDCWD, name.c_str(), W_OK, AT_EACCESS) == 0 || errno == ENOENT;
}

/// Returns whether the process may write to all files of the queue and to their folder.
bool may_write(const std::string& path) {
  for (const auto* const ending : {"", "-wal", "-journal"})
    if (!may_write_to(path + ending)) return false;
  return may_write_to(folder_of(path));
}

using PwriteCall = ssize_t (*)(int, const void*, std::size_t, off64_t);
PwriteCall real_pwrite = nullptr;

/// Reports a spent disk quota as a full disk. SQLite knows a full disk by ENOSPC alone (it returns
/// SQLITE_FULL), and has often overwritten the errno of any other failure when it reports that.
ssize_t pwrite_within_quota(int descriptor, const void* bytes, std::size_t count, off64_t offset) {
  const ssize_t written = real_pwrite(descriptor, bytes, count, offset);
  if (written < 0 && errno == EDQUOT) errno = ENOSPC;
  return written;
}

/// Makes SQLite write through pwrite_within_quota().
void report_spent_quota() {
  constexpr const char* kCall = "pwrite64";
  const auto ours = reinterpret_cast<sqlite3_syscall_ptr>(pwrite_within_quota);
  sqlite3_vfs* const vfs = sqlite3_vfs_find("unix");
  const auto call = vfs->xGetSystemCall(vfs, kCall);
  if (call == ours) return;
  real_pwrite = reinterpret_cast<PwriteCall>(call);
  vfs->xSetSystemCall(vfs, kCall, ours);
}

/// Returns the identity of a file, or nothing if it is absent.
std::optional<std::pair<std::uint64_t, std::uint64_t>> identity_of(const char* path) {
  struct stat status {};
  if (::stat(path, &status) != 0) return std::nullopt;
  return std::pair<std::uint64_t, std::uint64_t>(status.st_dev, status.st_ino);
}

std::string immutable_uri(std::string_view path) {
  std::string uri = "file:";
  for (const char c : path) {
    if (c == '%' || c == '?' || c == '#')
      fmt::format_to(std::back_inserter(uri), "%{:02x}", static_cast<unsigned>(c));
    else
      uri += c;
  }
  return uri + "?immutable=1";
}

}  // namespace

void SqliteStatement::Finalize::operator()(sqlite3_stmt* statement) const {
  sqlite3_finalize(statement);
}

void SqliteDatabase::Close::operator()(sqlite3* connection) const { sqlite3_close_v2(connection); }

// Binding fails only for a parameter that the statement does not have, which is a bug.

SqliteStatement& SqliteStatement::bind(std::string_view text) {
  const char* const data = text.empty() ? "" : text.data();
  ATTESTRD_CHECK(sqlite3_bind_text64(statement_.get(), ++bound_, data, text.size(), SQLITE_STATIC,
                                     SQLITE_UTF8) == SQLITE_OK);
  return *this;
}

SqliteStatement& SqliteStatement::bind(std::int64_t number) {
  ATTESTRD_CHECK(sqlite3_bind_int64(statement_.get(), ++bound_, number) == SQLITE_OK);
  return *this;
}

SqliteStatement& SqliteStatement::bind(std::optional<Wall> time) {
  using std::chrono::milliseconds;
  if (time) return bind(std::chrono::floor<milliseconds>(*time).time_since_epoch().count());
  ATTESTRD_CHECK(sqlite3_bind_null(statement_.get(), ++bound_) == SQLITE_OK);
  return *this;
}

SqliteStatement& SqliteStatement::bind(std::span<const unsigned char> bytes) {
  ATTESTRD_CHECK(sqlite3_bind_blob64(statement_.get(), ++bound_, bytes.data(), bytes.size(),
                                     SQLITE_STATIC) == SQLITE_OK);
  return *this;
}

Result<bool> SqliteStatement::step() {
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) {
    reset();
    return false;
  }
  auto error = database_->last_error("cannot use");
  reset();
  return error;
}

Result<std::int64_t> SqliteStatement::run() {
  const auto stepped = step();
  if (!stepped) return stepped.error();
  ATTESTRD_CHECK(!*stepped);
  return sqlite3_changes64(database_->connection_.get());
}

Result<bool> SqliteStatement::exists() {
  const auto is_there = step();
  if (is_there && *is_there) reset();
  return is_there;
}

std::string_view SqliteStatement::text(int column) const {
  const auto* const data = sqlite3_column_text(statement_.get(), column);
  const auto length = static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column));
  return {reinterpret_cast<const char*>(data), length};
}

std::int64_t SqliteStatement::number(int column) const {
  return sqlite3_column_int64(statement_.get(), column);
}

std::optional<Wall> SqliteStatement::time(int column) const {
  if (is_null(column)) return std::nullopt;
  return Wall(std::chrono::milliseconds(number(column)));
}

std::span<const unsigned char> SqliteStatement::bytes(int column) const {
  const auto* const data = sqlite3_column_blob(statement_.get(), column);
  const auto length = static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column));
  return {static_cast<const unsigned char*>(data), length};
}

bool SqliteStatement::is_null(int column) const {
  return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL;
}

void SqliteStatement::reset() {
  sqlite3_reset(statement_.get());
  bound_ = 0;
}

Result<std::unique_ptr<SqliteDatabase>> SqliteDatabase::open(const std::string& path, int flags,
                                                             const char* vfs) {
  return open_name(path, path, flags, vfs);
}

Result<std::unique_ptr<SqliteDatabase>> SqliteDatabase::open_immutable(const std::string& path) {
  return open_name(path, immutable_uri(path),
                   SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_URI, nullptr);
}

/// Opens the file; `name` is its path or a URI (sqlite.org/uri.html).
Result<std::unique_ptr<SqliteDatabase>> SqliteDatabase::open_name(const std::string& path,
                                                                  const std::string& name,
                                                                  int flags, const char* vfs) {
  // SQLite's memory statistics are not used, and cost a lock for each block of memory.
  static_cast<void>(sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0));  // Refused once SQLite is in use.
  report_spent_quota();
  std::unique_ptr<SqliteDatabase> database(new SqliteDatabase(path));
  sqlite3* connection = nullptr;
  const int code = sqlite3_open_v2(name.c_str(), &connection, flags, vfs);
  database->connection_.reset(connection);
  ATTESTRD_CHECK(connection != nullptr);
  sqlite3_extended_result_codes(connection, 1);
  if (code != SQLITE_OK) return database->last_error("cannot open");
  // Replaces SQLite's own checkpoints (see checkpoint_if_due).
  sqlite3_wal_hook(
      connection,
      [](void* self, sqlite3*, const char*, int pages) {
        static_cast<SqliteDatabase*>(self)->log_pages_ = pages;
        return SQLITE_OK;
      },
      database.get());
  return database;
}

Result<void> SqliteDatabase::execute(const char* sql) {
  if (sqlite3_exec(connection_.get(), sql, nullptr, nullptr, nullptr) != SQLITE_OK)
    return last_error("cannot use");
  return {};
}

Result<SqliteStatement> SqliteDatabase::prepare(std::string_view sql) {
  sqlite3_stmt* prepared = nullptr;
  const int code = sqlite3_prepare_v3(connection_.get(), sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &prepared, nullptr);
  if (code != SQLITE_OK) {
    auto error = last_error("cannot use");
    // A table or a column is missing.
    if (code == SQLITE_ERROR) error.code = Errc::invalid_input;
    return error;
  }
  SqliteStatement statement;
  statement.database_ = this;
  statement.statement_.reset(prepared);
  return statement;
}

Result<std::string> SqliteDatabase::ask(const std::string& sql) {
  auto statement = prepare(sql);
  if (!statement) return statement.error();
  const auto has_row = statement->step();
  if (!has_row) return has_row.error();
  if (!*has_row) return std::string();
  std::string answer(statement->text(0));
  // The last step commits the change of a PRAGMA, and reports if that fails.
  const auto has_more = statement->step();
  if (!has_more) return has_more.error();
  return answer;
}

Result<void> SqliteDatabase::checkpoint() {
  const int code = sqlite3_wal_checkpoint_v2(connection_.get(), nullptr, SQLITE_CHECKPOINT_PASSIVE,
                                             nullptr, nullptr);
  if (code == SQLITE_OK) {
    log_pages_ = 0;
    return {};
  }
  return last_error("cannot write the log of changes back into");
}

Result<void> SqliteDatabase::checkpoint_if_due() {
  if (log_pages_ < kCheckpointPages) return {};
  auto done = checkpoint();
  // The log holds all changes, so the commit stands; the next commit tries the checkpoint again.
  if (!done && done.error().code == Errc::disk_full) return {};
  return done;
}

Result<void> SqliteDatabase::remember_log() {
  log_ = identity_of(log_path());
  // Never: SQLite has created it a moment ago.
  if (log_) return {};
  return fail(Errc::io_failure, "the log of the queue " + path_ + " is not there");
}

Result<void> SqliteDatabase::check_place() {
  int has_moved = 0;
  // A VFS of SQLite that does not support this leaves `has_moved` unchanged.
  sqlite3_file_control(connection_.get(), nullptr, SQLITE_FCNTL_HAS_MOVED, &has_moved);
  if (has_moved != 0)
    return fail(Errc::io_failure,
                "the queue " + path_ +
                    " is not the file any more that attestrd has opened: it was moved, removed or "
                    "replaced; the next start opens what is there then");
  if (!log_ || identity_of(log_path()) == log_) return {};
  // The open log still has all commits: they move into the file, where the next start finds them.
  if (const auto saved = checkpoint(); !saved) return saved;
  return fail(Errc::io_failure, "the log of the queue " + path_ +
                                    " (-wal) was moved, removed or replaced; the queue itself has "
                                    "all commits");
}

const char* SqliteDatabase::log_path() const {
  return sqlite3_filename_wal(sqlite3_db_filename(connection_.get(), "main"));
}

void SqliteDatabase::drop_cache() { sqlite3_db_release_memory(connection_.get()); }

bool SqliteDatabase::is_in_transaction() const {
  return sqlite3_get_autocommit(connection_.get()) == 0;
}

Error SqliteDatabase::last_error(std::string_view what) const {
  const int code = sqlite3_extended_errcode(connection_.get());
  const int system_error = sqlite3_system_errno(connection_.get());
  std::string message =
      std::string(what) + " the queue " + path_ + ": " + sqlite3_errmsg(connection_.get());
  switch (code & 0xff) {
    case SQLITE_NOTADB:
      return fail(Errc::invalid_input, message + ": move it away, or name another file");
    case SQLITE_CORRUPT:
      return fail(Errc::invalid_input, message +
                                           ": restore it from a backup, or move it away and "
                                           "submit the pending ids again");
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return fail(Errc::unavailable, message + ": another process has it open");
    case SQLITE_READONLY:
      // SQLite continues read-only if it can't open a file for writing, for whatever reason.
      return fail(may_write(path_) ? Errc::io_failure : Errc::permission_denied, message);
    case SQLITE_PERM:
    case SQLITE_AUTH: return fail(Errc::permission_denied, message);
    default: break;
  }
  if (is_out_of_room(code, system_error, folder_of(path_))) return fail(Errc::disk_full, message);
  if (system_error != 0) message += " (errno " + std::to_string(system_error) + ")";
  return fail(Errc::io_failure, message);
}

}  // namespace attestrd
