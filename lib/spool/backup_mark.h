#pragma once

#include <cstdint>

#include "base/result.h"
#include "files/files.h"

namespace attestrd {

// A backup leaves an empty file `.backup-N` in the root of the spool, with a number that grows. A
// copy of the spool that has the mark was made after the backup: programs that copy a folder list
// it before the folders in it. A record that such a copy does not have was removed by a consumer.
// Without the mark, the record may have been published after the copy.

/// Makes the mark of a backup, removes the earlier ones, and returns its number.
Result<std::uint64_t> make_backup_mark(Directory& spool_root);

/// Returns the number of the last backup whose mark is there; 0: none.
Result<std::uint64_t> last_backup_mark(Directory& spool_root);

}  // namespace attestrd
