#include <benchmark/benchmark.h>

#include <cstdint>

#include "cost/pending_engine.h"

namespace attestrd {
namespace {

/// A pending answer: read and judged, the handshake scheduled, and the wake-up that asks again.
void engine_poll(benchmark::State& state) {
  cost::PendingEngine engine(static_cast<std::size_t>(state.range(0)));
  engine.play(10'000);
  for (auto _ : state) engine.play(1);
}
BENCHMARK(engine_poll)->ArgName("pending")->Arg(1000)->Arg(1'000'000);

}  // namespace
}  // namespace attestrd
