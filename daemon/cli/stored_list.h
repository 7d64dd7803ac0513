#pragma once

#include <functional>
#include <string_view>

#include "base/result.h"
#include "daemon/config/config.h"
#include "engine/command.h"

namespace attestrd {

/// Reads the list of pending handshakes from the queue while no daemon runs on this machine, and
/// passes its parts on as the daemon would, until `on_part` returns false. A queue file must not
/// have a running daemon; from a database, the handshakes of all nodes are read. The states are
/// waiting, held and ending; only a daemon knows what is due or polled. The lock of a queue file is
/// not held during `on_part`, which may wait for a terminal. Errors: those of QueueReader::open()
/// or open_fleet_reader(), and of `on_part`; `unavailable` also if a daemon starts meanwhile.
Result<void> read_stored_list(const Config& config, const ListFilter& filter,
                              const std::function<Result<bool>(std::string_view)>& on_part);

/// Counts what is pending in the queue by its age, while no daemon runs. In each row of the
/// table `held` are those that an operator holds, and `now` all others: their next poll is not
/// known. The errors are those of read_stored_list().
Result<AgeTable> count_stored_ages(const Config& config);

}  // namespace attestrd
