#pragma once

#include <cstdint>

#include "base/result.h"
#include "daemon/config/config.h"
#include "daemon/service/fleet/enter_fleet.h"
#include "queue/move/moved_row.h"

namespace attestrd {

/// The numbers of handshakes that a move has written, by their states.
struct QueueMoved {
  std::uint64_t pending = 0;
  std::uint64_t staged = 0;
  std::uint64_t ended = 0;
  bool was_committed = false;  ///< By an earlier run: this one has done the last step.
  bool is_paused = false;      ///< An operator's pause has moved, too.
};

/// Moves the queue of this spool from its file into the database of its fleet, or back, while no
/// daemon of the spool runs (see queue_move.cpp). After an error nothing has moved, or a further
/// run completes the move: the message says so. Errors: `unavailable` if a daemon runs, the
/// database can't be reached or other nodes own rows; `invalid_input` if the database has ids of
/// the file already; `invalid_config`, and those of enter_fleet_of().
Result<QueueMoved> move_queue(const Config& config, const FleetEntry& entry, MoveTo to);

}  // namespace attestrd
