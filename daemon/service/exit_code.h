#pragma once

#include "base/result.h"

namespace attestrd {

/// The exit code (sysexits.h) that tells a shell what the error tells a person.
int exit_code(Errc code);

/// Prints the error on stderr and returns its exit code.
int exit_with(const Error& error);

}  // namespace attestrd
