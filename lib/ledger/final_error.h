#pragma once

#include "base/result.h"

namespace attestrd {

/// Returns the error with `unavailable` and `disk_full` turned into `io_failure`. A round waits
/// only for an unavailable queue, and for a full disk before its batch. Anywhere else in a round
/// these codes must not be mistaken for such a wait: the error ends the process, and recovery
/// decides.
inline Error final_error(Error error) {
  if (error.code == Errc::unavailable || error.code == Errc::disk_full)
    error.code = Errc::io_failure;
  return error;
}

/// Returns the error of an inbox or spool call before the batch, with `unavailable` turned into
/// `io_failure`: there the round waits for a full disk, and for nothing else.
inline Error not_of_queue(Error error) {
  return error.code == Errc::unavailable ? final_error(std::move(error)) : error;
}

}  // namespace attestrd
