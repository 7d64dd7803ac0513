#include <fmt/format.h>

#include "cost/counted.h"

// To be run by cost_test.py under callgrind. Prints a line for each measurement: its name, and of
// how many polls it is the cost.
int main() {
  using namespace attestrd::cost;
  fmt::print("poll {}\n", measure_polls("poll"));
  fmt::print("engine-1k {}\n", measure_engine("engine-1k", 1000));
  fmt::print("engine-1M {}\n", measure_engine("engine-1M", 1'000'000));
}
