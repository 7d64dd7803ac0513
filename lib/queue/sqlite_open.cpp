#include "queue/sqlite_open.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

#include "files/posix_calls.h"
#include "files/posix_files.h"
#include "queue/schema.h"

namespace attestrd {
namespace {

/// Creates the file if it is absent, so that attestrd determines its mode and never follows a link.
Result<void> make_file(const std::string& path) {
  const Descriptor file(
      open_at(AT_FDCWD, path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0640));
  if (file.get() < 0) return file_error(errno, "cannot open the queue", path);
  struct stat status;
  // Never: fstat fails for no file that is open.
  const bool is_plain = ::fstat(file.get(), &status) == 0 && S_ISREG(status.st_mode);
  if (!is_plain) return fail(Errc::unsafe_file, "the queue " + path + " is not a plain file");
  return {};
}

/// Refuses a file that another program or a newer attestrd wrote. Returns the version of the file,
/// or 0 if it is empty.
Result<int> check_identity(SqliteDatabase& database) {
  const auto application = database.ask("PRAGMA application_id");
  if (!application) return application.error();
  const auto version = database.ask("PRAGMA user_version");
  if (!version) return version.error();
  const auto tables = database.ask("SELECT count(*) FROM sqlite_schema");
  if (!tables) return tables.error();
  if (*application == "0" && *version == "0" && *tables == "0") return 0;
  if (*application != std::to_string(schema::kApplicationId))
    return fail(Errc::invalid_input, "the queue " + database.path() +
                                         " is a database of another program: name another file");
  const int number = std::stoi(*version);
  if (number > schema::kVersion)
    return fail(Errc::newer_version, "the queue " + database.path() + " has version " + *version +
                                         ", and this attestrd knows versions up to " +
                                         std::to_string(schema::kVersion) +
                                         ": install the newer one");
  return number;
}

/// Upgrades an empty file, or one of an older version, to the current version in one commit.
Result<void> bring_up(SqliteDatabase& database, int version) {
  std::string sql = "BEGIN IMMEDIATE;";
  if (version < 1) sql += schema::kCreate;
  if (version < 2) sql += schema::kCreateLearnt;
  if (version < 3) sql += schema::kCreateReserved;
  if (version < 4) sql += schema::kCreateBoot;
  if (version < 5) sql += schema::kCreateAttempts;
  if (version < 6) sql += schema::kCreateOperator;
  if (version < 7) sql += schema::kCreateTagIndex;
  sql += "PRAGMA application_id = " + std::to_string(schema::kApplicationId) +
         ";PRAGMA user_version = " + std::to_string(schema::kVersion) + ";COMMIT;";
  return database.execute(sql.c_str());
}

/// Sets the modes on which durability depends, and reads them back.
Result<void> make_durable(SqliteDatabase& database) {
  const auto mode = database.ask("PRAGMA journal_mode = WAL");
  if (!mode) return mode.error();
  const auto set = database.execute("PRAGMA synchronous = FULL");
  if (!set) return set.error();
  const auto synchronous = database.ask("PRAGMA synchronous");
  if (!synchronous) return synchronous.error();
  if (*mode != "wal" || *synchronous != "2")
    return fail(Errc::io_failure, "the queue " + database.path() +
                                      " does not take WAL with synchronous=FULL (it says " + *mode +
                                      ", " + *synchronous + "): put it on a local file system");
  return {};
}

/// Makes all commits in the log durable. The process before may have died between the write of a
/// commit and its sync. SQLite treats such a commit as valid, and so does attestrd: an id that
/// seems to be accepted already is not written again, and its inbox file is removed. So every
/// visible commit must be durable first.
Result<void> make_log_durable(SqliteDatabase& database) { return database.checkpoint(); }

/// Syncs the folder of the file. SQLite syncs the names of its files too, but ignores errors of
/// that. If the log loses its name in a power cut, every commit in it is lost. The folder may be a
/// link, which SQLite has followed as well: `/.` makes the path lead to the target of the link.
Result<void> make_names_durable(const std::string& path) {
  const auto parent = std::filesystem::path(path).parent_path();
  const auto folder = PosixDirectory::open((parent / ".").string());
  if (!folder) return folder.error();
  return (*folder)->sync();
}

}  // namespace

Result<std::unique_ptr<SqliteDatabase>> open_queue_file(const std::string& path, const char* vfs) {
  int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX;
  if (vfs != nullptr) {
    flags |= SQLITE_OPEN_CREATE;
  } else if (const auto made = make_file(path); !made) {
    return made.error();
  }
  auto opened = SqliteDatabase::open(path, flags, vfs);
  if (!opened) return opened;
  auto& database = **opened;
  // EXCLUSIVE locks out every other connection: before SQLite 3.51.3 two connections that write can
  // corrupt the log.
  const auto set = database.execute(
      "PRAGMA locking_mode = EXCLUSIVE; PRAGMA cache_size = -4096; PRAGMA temp_store = MEMORY;"
      "PRAGMA trusted_schema = OFF; PRAGMA journal_size_limit = 8388608");
  if (!set) return set.error();
  const auto version = check_identity(database);
  if (!version) return version.error();
  if (const auto durable = make_durable(database); !durable) return durable.error();
  if (*version < schema::kVersion)
    if (const auto done = bring_up(database, *version); !done) return done.error();
  if (const auto durable = make_log_durable(database); !durable) return durable.error();
  if (vfs != nullptr) return opened;  // It makes the names of its files durable itself.
  if (const auto durable = make_names_durable(path); !durable) return durable.error();
  if (const auto known = database.remember_log(); !known) return known.error();
  return opened;
}

Result<std::unique_ptr<SqliteDatabase>> open_queue_file_read_only(const std::string& path) {
  // Without a log the file has all commits, and needs no other file beside it. With one, SQLite
  // makes an index of it (-shm), which it gives to the owner of the queue.
  std::error_code absent;
  const auto log_bytes = std::filesystem::file_size(path + "-wal", absent);
  const bool has_log = !absent && log_bytes > 0;
  auto opened = has_log ? SqliteDatabase::open(path, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX)
                        : SqliteDatabase::open_immutable(path);
  if (!opened) return opened;
  const auto version = check_identity(**opened);
  if (!version) return version.error();
  if (*version == 0) return fail(Errc::invalid_input, "the queue " + path + " is an empty file");
  if (*version < 6) {
    std::string views = schema::kRead5;
    if (*version < 5)
      views = std::string(schema::kReadTombstonesBefore5) +
              (*version < 4 ? schema::kReadOlder : schema::kReadHandshakes4);
    if (const auto shown = (*opened)->execute(views.c_str()); !shown) return shown.error();
  }
  return opened;
}

}  // namespace attestrd
