#include "simulation/disk_vfs.h"

#include <sqlite3.h>

#include <cstring>
#include <string>

namespace attestrd::sim {
namespace {

constexpr const char* kName = "simulated";
const std::string kFolder = "queue";

Disk* the_disk = nullptr;
std::uint64_t randomness = 0;

struct OpenFile {
  sqlite3_file base;
  Disk::Inode inode;
  bool is_log;
  bool syncs_name;  ///< Syncs the folder with the file's first sync.
};

OpenFile& self(sqlite3_file* file) { return *reinterpret_cast<OpenFile*>(file); }

int close_file(sqlite3_file*) { return SQLITE_OK; }

int read_file(sqlite3_file* file, void* room, int count, sqlite3_int64 offset) {
  if (the_disk->step(false) != Disk::Trouble::none) return SQLITE_IOERR_READ;
  const auto& bytes = the_disk->file(self(file).inode).bytes;
  const auto size = static_cast<std::size_t>(count);
  const auto at = static_cast<std::size_t>(offset);
  const std::size_t got = at < bytes.size() ? bytes.copy(static_cast<char*>(room), size, at) : 0;
  if (got == size) return SQLITE_OK;
  std::memset(static_cast<char*>(room) + got, 0, size - got);
  return SQLITE_IOERR_SHORT_READ;
}

int write_file(sqlite3_file* file, const void* bytes, int count, sqlite3_int64 offset) {
  const auto trouble = the_disk->step(true);
  if (trouble == Disk::Trouble::disk_full) return SQLITE_FULL;
  if (trouble != Disk::Trouble::none) return SQLITE_IOERR_WRITE;
  the_disk->write(self(file).inode, static_cast<std::uint64_t>(offset),
                  {static_cast<const char*>(bytes), static_cast<std::size_t>(count)});
  return SQLITE_OK;
}

int truncate_file(sqlite3_file* file, sqlite3_int64 size) {
  if (the_disk->step(false) != Disk::Trouble::none) return SQLITE_IOERR_TRUNCATE;
  the_disk->truncate(self(file).inode, static_cast<std::uint64_t>(size));
  return SQLITE_OK;
}

int sync_file(sqlite3_file* file, int) {
  if (self(file).is_log) the_disk->before_log_sync();
  if (the_disk->step(false) != Disk::Trouble::none) return SQLITE_IOERR_FSYNC;
  the_disk->sync(self(file).inode);
  if (self(file).syncs_name) the_disk->sync(kFolder);
  self(file).syncs_name = false;
  return SQLITE_OK;
}

int file_size(sqlite3_file* file, sqlite3_int64* size) {
  *size = static_cast<sqlite3_int64>(the_disk->file(self(file).inode).bytes.size());
  return SQLITE_OK;
}

int lock_file(sqlite3_file*, int) { return SQLITE_OK; }
int check_reserved_lock(sqlite3_file*, int* is_held) { return *is_held = 0, SQLITE_OK; }
int file_control(sqlite3_file*, int, void*) { return SQLITE_NOTFOUND; }
int sector_size(sqlite3_file*) { return 4096; }
int characteristics(sqlite3_file*) { return SQLITE_IOCAP_POWERSAFE_OVERWRITE; }

constexpr sqlite3_io_methods kMethods = {1,
                                         close_file,
                                         read_file,
                                         write_file,
                                         truncate_file,
                                         sync_file,
                                         file_size,
                                         lock_file,
                                         lock_file,
                                         check_reserved_lock,
                                         file_control,
                                         sector_size,
                                         characteristics,
                                         nullptr,
                                         nullptr,
                                         nullptr,
                                         nullptr,
                                         nullptr,
                                         nullptr};

int open_file(sqlite3_vfs*, const char* path, sqlite3_file* file, int flags, int* flags_out) {
  file->pMethods = nullptr;
  if (the_disk->step(false) != Disk::Trouble::none) return SQLITE_CANTOPEN;
  auto& names = the_disk->names(kFolder);
  const auto found = names.find(std::string_view(path));
  if (found == names.end() && (flags & SQLITE_OPEN_CREATE) == 0) return SQLITE_CANTOPEN;
  // Like SQLite's own VFS, it also syncs the name of an existing log, since the process that
  // created it may have died before it synced the name.
  constexpr int kJournals = SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL;
  self(file).syncs_name = (flags & SQLITE_OPEN_CREATE) != 0 && (flags & kJournals) != 0;
  self(file).is_log = (flags & SQLITE_OPEN_WAL) != 0;
  self(file).inode = found != names.end() ? found->second : the_disk->make(kFolder, path);
  file->pMethods = &kMethods;
  if (flags_out != nullptr) *flags_out = flags;
  return SQLITE_OK;
}

int delete_file(sqlite3_vfs*, const char* path, int sync_folder) {
  if (the_disk->step(false) != Disk::Trouble::none) return SQLITE_IOERR_DELETE;
  if (!the_disk->names(kFolder).contains(std::string_view(path))) return SQLITE_IOERR_DELETE_NOENT;
  the_disk->remove(kFolder, path);
  if (sync_folder != 0) the_disk->sync(kFolder);
  return SQLITE_OK;
}

int access_file(sqlite3_vfs*, const char* path, int, int* is_there) {
  if (the_disk->step(false) != Disk::Trouble::none) return SQLITE_IOERR_ACCESS;
  *is_there = the_disk->names(kFolder).contains(std::string_view(path)) ? 1 : 0;
  return SQLITE_OK;
}

int full_path(sqlite3_vfs*, const char* path, int room, char* out) {
  sqlite3_snprintf(room, out, "%s", path);
  return SQLITE_OK;
}

int draw(sqlite3_vfs*, int count, char* out) {
  for (int i = 0; i < count; ++i) out[i] = static_cast<char>(++randomness * 0x9d);
  return count;
}

int sleep_not(sqlite3_vfs*, int) { return 0; }
int current_time(sqlite3_vfs*, double* days) { return *days = 2460000.5, SQLITE_OK; }
int last_error(sqlite3_vfs*, int, char*) { return 0; }

}  // namespace

const char* use_disk_for_sqlite(Disk& disk) {
  static sqlite3_vfs vfs = {1,         sizeof(OpenFile), 512,         nullptr,     kName,
                            nullptr,   open_file,        delete_file, access_file, full_path,
                            nullptr,   nullptr,          nullptr,     nullptr,     draw,
                            sleep_not, current_time,     last_error,  nullptr,     nullptr,
                            nullptr,   nullptr};
  the_disk = &disk;
  randomness = 0;
  // SQLite seeds its random numbers once in a process, from the system.
  constexpr int kSeed = 1;
  sqlite3_test_control(SQLITE_TESTCTRL_PRNG_SEED, kSeed, nullptr);
  if (sqlite3_vfs_find(kName) == nullptr) sqlite3_vfs_register(&vfs, 0);
  return kName;
}

}  // namespace attestrd::sim
