#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>

#include "base/check.h"
#include "base/prng.h"
#include "schedule/timing_wheel.h"

namespace attestrd {
namespace {

using namespace std::chrono_literals;

/// Measures one turn: the next slot becomes due, and is inserted again for up to 100 s.
void wheel_turn(benchmark::State& state) {
  const auto slots = static_cast<TimingWheel::Slot>(state.range(0));
  Prng prng(1);
  Mono now{};
  TimingWheel wheel(now);
  const auto insert = [&](TimingWheel::Slot slot) {
    wheel.insert(slot, now + 1ms + scaled(100s, prng.unit()));
  };
  for (TimingWheel::Slot slot = 0; slot < slots; ++slot) insert(slot);
  const auto turn = [&] {
    auto slot = wheel.pop_due(now);
    while (!slot) {
      now = std::max(now, wheel.next_wake().value());
      slot = wheel.pop_due(now);
    }
    insert(*slot);
  };
  for (TimingWheel::Slot i = 0; i < slots; ++i) turn();
  for (auto _ : state) turn();
}
BENCHMARK(wheel_turn)->ArgName("slots")->Arg(1000)->Arg(1'000'000);

}  // namespace
}  // namespace attestrd
