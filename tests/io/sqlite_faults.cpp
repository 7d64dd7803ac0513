#include "io/sqlite_faults.h"

#include <sqlite3.h>

#include <cstring>

namespace attestrd::test {
namespace {

// SQLite's hooks are C functions, so that their state is global.

struct Plan {
  int runs_to_stop = 0;
  int prepares_to_refuse = 0;
  bool stops_now = false;
  bool keeps_synchronous = false;
};
Plan plan;

int on_statement(unsigned, void*, void*, void*) {
  plan.stops_now = plan.runs_to_stop > 0 && --plan.runs_to_stop == 0;
  return 0;
}

int on_progress(void*) { return plan.stops_now ? 1 : 0; }

/// Authorises each action of a statement when it is prepared. SQLite asks first for the statement
/// itself: a SELECT, a transaction, a PRAGMA, or the change of a table.
int on_prepare(void*, int action, const char* first, const char* second, const char*,
               const char* trigger) {
  if (plan.keeps_synchronous && action == SQLITE_PRAGMA && second != nullptr &&
      std::strcmp(first, "synchronous") == 0)
    return SQLITE_IGNORE;
  const bool begins = action == SQLITE_SELECT || action == SQLITE_INSERT ||
                      action == SQLITE_UPDATE || action == SQLITE_DELETE ||
                      action == SQLITE_PRAGMA || action == SQLITE_TRANSACTION;
  if (!begins || trigger != nullptr || plan.prepares_to_refuse == 0) return SQLITE_OK;
  return --plan.prepares_to_refuse == 0 ? SQLITE_DENY : SQLITE_OK;
}

int hook(sqlite3* connection, const char**, const void*) {
  if (plan.keeps_synchronous)
    sqlite3_exec(connection, "PRAGMA synchronous = NORMAL", nullptr, nullptr, nullptr);
  sqlite3_trace_v2(connection, SQLITE_TRACE_STMT, on_statement, nullptr);
  sqlite3_progress_handler(connection, 1, on_progress, nullptr);
  sqlite3_set_authorizer(connection, on_prepare, nullptr);
  return SQLITE_OK;
}

void (*extension())() { return reinterpret_cast<void (*)()>(hook); }

struct Trouble {
  int write_code = SQLITE_OK;
  int sync_code = SQLITE_OK;
  int system_error = 0;
};
Trouble trouble;
sqlite3_vfs* real_vfs = nullptr;
const sqlite3_io_methods* real_methods = nullptr;
sqlite3_io_methods methods;

int write_file(sqlite3_file* file, const void* bytes, int count, sqlite3_int64 offset) {
  if (trouble.write_code != SQLITE_OK) return trouble.write_code;
  return real_methods->xWrite(file, bytes, count, offset);
}

int sync_file(sqlite3_file* file, int flags) {
  if (trouble.sync_code != SQLITE_OK) return trouble.sync_code;
  return real_methods->xSync(file, flags);
}

int open_file(sqlite3_vfs*, const char* path, sqlite3_file* file, int flags, int* flags_out) {
  const int code = real_vfs->xOpen(real_vfs, path, file, flags, flags_out);
  if (code != SQLITE_OK || (flags & SQLITE_OPEN_MAIN_DB) == 0) return code;
  real_methods = file->pMethods;
  methods = *real_methods;
  methods.xWrite = write_file;
  methods.xSync = sync_file;
  file->pMethods = &methods;
  return code;
}

int last_error(sqlite3_vfs*, int, char*) { return trouble.system_error; }

sqlite3_vfs failing_vfs;

}  // namespace

SqliteFaults::SqliteFaults() {
  plan = {};
  sqlite3_auto_extension(extension());
}

SqliteFaults::~SqliteFaults() {
  plan = {};
  sqlite3_cancel_auto_extension(extension());
}

void SqliteFaults::stop_statement(int n) { plan.runs_to_stop = n; }
void SqliteFaults::refuse_statement(int n) { plan.prepares_to_refuse = n; }
bool SqliteFaults::is_armed() const { return plan.runs_to_stop > 0 || plan.prepares_to_refuse > 0; }

void SqliteFaults::disarm() {
  plan.runs_to_stop = plan.prepares_to_refuse = 0;
  plan.stops_now = false;
}

void SqliteFaults::keep_synchronous_normal() { plan.keeps_synchronous = true; }

FailingVfs::FailingVfs() {
  trouble = {};
  real_vfs = sqlite3_vfs_find(nullptr);
  failing_vfs = *real_vfs;
  failing_vfs.zName = kName;
  failing_vfs.xOpen = open_file;
  failing_vfs.xGetLastError = last_error;
  sqlite3_vfs_register(&failing_vfs, 0);
}

FailingVfs::~FailingVfs() { sqlite3_vfs_unregister(&failing_vfs); }

void FailingVfs::fail_writes(int code, int system_error) {
  trouble = {code, SQLITE_OK, system_error};
}
void FailingVfs::fail_syncs(int code, int system_error) {
  trouble = {SQLITE_OK, code, system_error};
}
void FailingVfs::heal() { trouble = {}; }

}  // namespace attestrd::test
