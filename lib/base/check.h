#pragma once

#include <cstdio>
#include <cstdlib>

namespace attestrd {

[[noreturn]] inline void check_failed(const char* what, const char* file, int line) {
  std::fprintf(stderr, "attestrd: invariant broken: %s (%s:%d)\n", what, file, line);
  std::abort();
}

}  // namespace attestrd

/// Asserts an invariant, in release builds too: a daemon that continues with a broken invariant
/// could publish twice, while a daemon that aborts is restarted and recovers.
#define ATTESTRD_CHECK(condition)                                               \
  do {                                                                          \
    if (!(condition)) ::attestrd::check_failed(#condition, __FILE__, __LINE__); \
  } while (false)
