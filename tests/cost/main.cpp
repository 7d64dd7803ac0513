#include <fmt/format.h>

#include "cost/counted.h"

// Measures the instructions of a poll, when cost_test.py runs it under callgrind. Prints a line for
// each measurement: its name and the number of its polls.
int main() {
  using namespace attestrd::cost;
  fmt::print("poll {}\n", measure_polls("poll"));
  fmt::print("engine-1k {}\n", measure_engine("engine-1k", 1000));
  fmt::print("engine-1M {}\n", measure_engine("engine-1M", 1'000'000));
}
