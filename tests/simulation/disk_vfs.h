#pragma once

#include "simulation/disk.h"

namespace attestrd::sim {

/// Returns the name of a SQLite VFS on the simulated disk (sqlite.org/vfs.html), and registers it
/// once. Its files are in the folder `queue`. It implements version 1 of the interface, without
/// shared memory, which an exclusive connection does not need. All connections use the disk of the
/// last call.
const char* use_disk_for_sqlite(Disk& disk);

}  // namespace attestrd::sim
