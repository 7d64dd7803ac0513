#pragma once

#include <valgrind/callgrind.h>

#include <cstddef>

namespace attestrd::cost {

/// A scope in which callgrind counts the instructions of this thread. It has no effect without
/// valgrind.
class Counted {
 public:
  Counted() { CALLGRIND_TOGGLE_COLLECT; }
  ~Counted() { CALLGRIND_TOGGLE_COLLECT; }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;
};

/// A scope within a Counted one in which instructions are not counted. The constructor toggles too.
using Uncounted = Counted;

/// Begins a measurement. Valgrind does not instrument the code between two measurements, which is
/// ten times faster.
inline void begin_measurement() { CALLGRIND_START_INSTRUMENTATION; }

/// Ends the measurement, and writes its counts under a name.
inline void end_measurement(const char* name) {
  CALLGRIND_DUMP_STATS_AT(name);
  CALLGRIND_STOP_INSTRUMENTATION;
}

/// Measure under the given name, and return the number of polls measured.
std::size_t measure_polls(const char* name);
std::size_t measure_engine(const char* name, std::size_t pending);

}  // namespace attestrd::cost
