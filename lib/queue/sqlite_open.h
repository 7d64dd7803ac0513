#pragma once

#include <memory>
#include <string>

#include "queue/sqlite_database.h"

namespace attestrd {

/// Opens the queue's file, and makes it if it is not there, with its tables and with the settings
/// that the promises rest on. Touches nothing of a file that is not ours. `vfs` names another file
/// system of SQLite's than the system's.
Result<std::unique_ptr<SqliteDatabase>> open_queue_file(const std::string& path,
                                                        const char* vfs = nullptr);

/// Opens a queue's file that is there, to read it. Nobody else may have it open.
Result<std::unique_ptr<SqliteDatabase>> open_queue_file_read_only(const std::string& path);

}  // namespace attestrd
