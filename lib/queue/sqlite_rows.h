#pragma once

#include <memory>

#include "base/result.h"
#include "queue/sqlite_database.h"

namespace attestrd {

/// The connection to the queue and the statements that are kept prepared.
struct SqliteRows {
  std::unique_ptr<SqliteDatabase> database;
  SqliteStatement find_tombstone;
  SqliteStatement insert;
  SqliteStatement find;
  SqliteStatement merge;
  SqliteStatement update_progress;
  SqliteStatement stage;
  SqliteStatement unstage;
  SqliteStatement bury;
  SqliteStatement remove_staged;
  SqliteStatement purge;
  SqliteStatement all_polling;
  SqliteStatement all_staged;
  SqliteStatement count;

  Result<void> prepare();
};

}  // namespace attestrd
