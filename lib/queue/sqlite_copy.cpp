#include "queue/sqlite_copy.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "base/limits.h"
#include "handshake/handshake_names.h"
#include "queue/schema.h"
#include "queue/sqlite_rows.h"

namespace attestrd {
namespace {

constexpr int kNewFileFlags = O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;

/// The copy is private until it is read, and is made anew after a crash: it needs no journal and no
/// sync.
constexpr const char* kModes =
    "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE;"
    "PRAGMA cache_size = -1024";

constexpr const char* kEndedAfter =
    "SELECT id, outcome, finished_at, tag, attempt, signature, diverted_to FROM tombstone "
    "WHERE id > ? ORDER BY id LIMIT ?";
constexpr const char* kAddWaiting = "INSERT INTO waiting (id, tag, submitted_at) VALUES (?, ?, ?)";
constexpr const char* kSaveNumber = "INSERT INTO backup (number) VALUES (?)";

/// The bytes of the header that say whether a file has a log (sqlite.org/fileformat2.html, 1.3.3),
/// and their values for one that has none.
constexpr off_t kLogBytesAt = 18;
constexpr char kNoLog[2] = {1, 1};

constexpr std::string_view kWhat = "cannot write the copy of";

}  // namespace

void SqliteCopy::Finish::operator()(sqlite3_backup* backup) const { sqlite3_backup_finish(backup); }

SqliteCopy::~SqliteCopy() { ::unlink(path_.c_str()); }

Result<std::unique_ptr<QueueCopy>> SqliteCopy::begin(SqliteDatabase& source,
                                                     const std::string& path) {
  ::unlink(path.c_str());
  Descriptor file(open_at(AT_FDCWD, path, kNewFileFlags, 0600));
  if (file.get() < 0) return file_error(errno, "cannot create the copy of the queue", path);
  std::unique_ptr<SqliteCopy> copy(new SqliteCopy(path, std::move(file)));
  if (const auto opened = copy->open(); !opened) return opened.error();
  copy->backup_.reset(
      sqlite3_backup_init(copy->database_->connection(), "main", source.connection(), "main"));
  // Never: both are open, and no other backup writes to this one.
  if (!copy->backup_) return copy->database_->last_error(kWhat);
  return std::unique_ptr<QueueCopy>(std::move(copy));
}

Result<void> SqliteCopy::open() {
  auto opened = SqliteDatabase::open(path_, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX);
  if (!opened) return opened.error();
  database_ = std::move(*opened);
  return database_->execute(kModes);
}

Result<bool> SqliteCopy::copy_slice() {
  const int code = sqlite3_backup_step(backup_.get(), limits::kCopyPagesPerSlice);
  if (code == SQLITE_OK) return false;
  // Reports the error of the steps to the connection.
  sqlite3_backup_finish(backup_.release());
  if (code != SQLITE_DONE) return database_->last_error(kWhat);
  if (const auto ended = end_of_rows(); !ended) return ended.error();
  return true;
}

/// Opens the complete copy anew, as a file without a log: SQLite would make one beside it.
Result<void> SqliteCopy::end_of_rows() {
  database_.reset();
  if (::pwrite(file_.get(), kNoLog, sizeof(kNoLog), kLogBytesAt) != sizeof(kNoLog))
    return write_error(errno);
  if (const auto opened = open(); !opened) return opened;
  if (const auto created = database_->execute(schema::kCreateBackup); !created) return created;
  auto ended_after = database_->prepare(kEndedAfter);
  if (!ended_after) return ended_after.error();
  auto add_waiting = database_->prepare(kAddWaiting);
  if (!add_waiting) return add_waiting.error();
  ended_after_ = std::move(*ended_after);
  add_waiting_ = std::move(*add_waiting);
  return {};
}

Result<std::vector<Tombstone>> SqliteCopy::ended_after(std::string_view id, std::size_t max) {
  std::vector<Tombstone> ended;
  ended_after_.bind(id).bind(static_cast<std::int64_t>(max));
  for (;;) {
    const auto is_there = ended_after_.step();
    if (!is_there) return is_there.error();
    if (!*is_there) return ended;
    auto row = read_tombstone(ended_after_);
    if (!row) {
      ended_after_.reset();
      return broken_row(*database_);
    }
    ended.push_back(std::move(*row));
  }
}

Result<void> SqliteCopy::add_waiting(const QueuedHandshake& row) {
  const auto added =
      add_waiting_.bind(row.id).bind(row.tag).bind(std::optional(row.submitted_at)).run();
  if (!added) return added.error();
  return {};
}

Result<std::uint64_t> SqliteCopy::finish(std::uint64_t number) {
  {
    auto save = database_->prepare(kSaveNumber);
    if (!save) return save.error();
    const auto saved = save->bind(static_cast<std::int64_t>(number)).run();
    if (!saved) return saved.error();
  }
  ended_after_ = {};
  add_waiting_ = {};
  database_.reset();
  struct stat info {};
  // Never: fstat fails for no file that is open.
  if (::fstat(file_.get(), &info) != 0) return write_error(errno);
  return static_cast<std::uint64_t>(info.st_size);
}

Result<std::size_t> SqliteCopy::read(std::uint64_t offset, std::span<char> room) {
  const ssize_t count = ::pread(file_.get(), room.data(), room.size(), static_cast<off_t>(offset));
  // Never: the file is open, and was written a moment ago.
  if (count < 0) return file_error(errno, "cannot read the copy of the queue", path_);
  return static_cast<std::size_t>(count);
}

Error SqliteCopy::write_error(int error) const {
  return file_error(error, "cannot write the copy of the queue", path_);
}

}  // namespace attestrd
