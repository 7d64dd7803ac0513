#pragma once

#include <memory>
#include <string>

#include "queue/sqlite_database.h"

namespace attestrd {

/// Opens the queue file, and creates it if it is absent, with its tables and with the settings on
/// which durability depends. Never changes a file of another program. `vfs` names a VFS of SQLite
/// to use instead of the default.
Result<std::unique_ptr<SqliteDatabase>> open_queue_file(const std::string& path,
                                                        const char* vfs = nullptr);

/// Opens an existing queue file for reading. No other process may have it open.
Result<std::unique_ptr<SqliteDatabase>> open_queue_file_read_only(const std::string& path);

}  // namespace attestrd
