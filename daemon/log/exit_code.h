#pragma once

#include "base/result.h"

namespace attestrd {

/// Returns the exit code (sysexits.h) of an error.
int exit_code(Errc code);

/// Prints the error on stderr and returns its exit code.
int exit_with(const Error& error);

}  // namespace attestrd
