#include <benchmark/benchmark.h>

#include <cstdint>

#include "cost/pending_engine.h"

namespace attestrd {
namespace {

/// Measures one poll in the engine: the pending answer is parsed and judged, the handshake is
/// scheduled, and a wake-up starts the next poll.
void engine_poll(benchmark::State& state) {
  cost::PendingEngine engine(static_cast<std::size_t>(state.range(0)));
  engine.play(10'000);
  for (auto _ : state) engine.play(1);
}
BENCHMARK(engine_poll)->ArgName("pending")->Arg(1000)->Arg(1'000'000);

}  // namespace
}  // namespace attestrd
