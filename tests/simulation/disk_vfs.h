#pragma once

#include "simulation/disk.h"

namespace attestrd::sim {

/// SQLite's view of the simulated disk (sqlite.org/vfs.html): its files lie in the folder `queue`.
/// Version 1 of the interface, without shared memory, which an exclusive connection does not need.
/// Registers it once; all connections see the disk that was named last.
const char* use_disk_for_sqlite(Disk& disk);

}  // namespace attestrd::sim
