#pragma once

#include <valgrind/callgrind.h>

#include <cstddef>

namespace attestrd::cost {

/// Callgrind counts the instructions of this thread while one lives. Without valgrind: nothing.
class Counted {
 public:
  Counted() { CALLGRIND_TOGGLE_COLLECT; }
  ~Counted() { CALLGRIND_TOGGLE_COLLECT; }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;
};

/// The same the other way round.
using Uncounted = Counted;

/// Valgrind runs what is between two measurements without looking, which is ten times faster.
inline void begin_measurement() { CALLGRIND_START_INSTRUMENTATION; }

/// Writes down what was counted since begin_measurement(), under a name.
inline void end_measurement(const char* name) {
  CALLGRIND_DUMP_STATS_AT(name);
  CALLGRIND_STOP_INSTRUMENTATION;
}

/// Each measures under its name, and returns of how many polls.
std::size_t measure_polls(const char* name);
std::size_t measure_engine(const char* name, std::size_t pending);

}  // namespace attestrd::cost
