#pragma once

#include "base/result.h"

namespace attestrd {

/// Returns whether a round of fewer changes may succeed, now or later: on a full disk, or while the
/// system is short of descriptors or memory.
inline bool is_lack_of_room(Errc code) { return code == Errc::disk_full || code == Errc::shortage; }

/// Returns the error with the codes of a wait turned into `io_failure`. A round waits only for an
/// unavailable queue, and for lack of room before its batch. Anywhere else in a round these codes
/// must not be mistaken for such a wait: the error ends the process, and recovery decides.
inline Error final_error(Error error) {
  if (error.code == Errc::unavailable || is_lack_of_room(error.code)) error.code = Errc::io_failure;
  return error;
}

/// Returns the error of an inbox or spool call before the batch, with `unavailable` turned into
/// `io_failure`: there the round waits for lack of room, and for nothing else.
inline Error not_of_queue(Error error) {
  return error.code == Errc::unavailable ? final_error(std::move(error)) : error;
}

}  // namespace attestrd
