#pragma once

#include "base/result.h"

namespace attestrd {

/// Only an unavailable queue and a full disk before the batch are waited for. Everywhere else in a
/// round such an error must not pass for one of the two: it ends the process, and recovery decides.
inline Error final_error(Error error) {
  if (error.code == Errc::unavailable || error.code == Errc::disk_full)
    error.code = Errc::io_failure;
  return error;
}

/// Of the inbox or the spool before the batch: a full disk is waited for, and nothing else.
inline Error not_of_queue(Error error) {
  return error.code == Errc::unavailable ? final_error(std::move(error)) : error;
}

}  // namespace attestrd
