#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstddef>
#include <random>
#include <vector>

#include "cost/pending_engine.h"

namespace attestrd {
namespace {

constexpr std::size_t kPending = 1'000'000;

/// The steps of the engine for the commands of operators, with a million pending handshakes. Each
/// must take less than a millisecond, for so long the event loop does nothing else.
cost::PendingEngine& engine() {
  static cost::PendingEngine engine(kPending);
  return engine;
}

void explain(benchmark::State& state) {
  std::size_t next = 0;
  for (auto _ : state)
    benchmark::DoNotOptimize(
        engine().ask(ExplainCommand{cost::PendingEngine::id(next += 7919 % kPending)}));
}
BENCHMARK(explain)->Iterations(1000);

void report(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(engine().ask(ReportCommand{}));
}
BENCHMARK(report);

/// One page of a list; no handshake has the tag.
void list_page(benchmark::State& state) {
  ListCommand command;
  command.filter.tag = "no-such-tag";
  for (auto _ : state) {
    const auto answer = engine().ask(command);
    command.from = std::get<ListPage>(answer).next.value_or(0);
  }
}
BENCHMARK(list_page);

/// One page of a list that has all handshakes.
void full_list_page(benchmark::State& state) {
  ListCommand command;
  for (auto _ : state) {
    const auto answer = engine().ask(command);
    command.from = std::get<ListPage>(answer).next.value_or(0);
  }
}
BENCHMARK(full_list_page);

void ages_page(benchmark::State& state) {
  AgesCommand command;
  for (auto _ : state) {
    const auto answer = engine().ask(command);
    command.from = std::get<AgesPage>(answer).next.value_or(0);
  }
}
BENCHMARK(ages_page);

std::vector<HandshakeId> some_ids(std::size_t count) {
  static std::mt19937 luck(1);
  std::vector<HandshakeId> ids;
  while (ids.size() < count) ids.push_back(cost::PendingEngine::id(luck() % kPending));
  return ids;
}

void kick(benchmark::State& state) {
  for (auto _ : state) {
    state.PauseTiming();
    const KickCommand command{some_ids(static_cast<std::size_t>(state.range(0)))};
    state.ResumeTiming();
    benchmark::DoNotOptimize(engine().ask(command));
  }
}
BENCHMARK(kick)->ArgName("ids")->Arg(256)->Arg(4096)->Iterations(50);

/// The last one: those that are cancelled are pending no more.
void cancel(benchmark::State& state) {
  for (auto _ : state) {
    state.PauseTiming();
    const CancelCommand command{some_ids(static_cast<std::size_t>(state.range(0)))};
    state.ResumeTiming();
    benchmark::DoNotOptimize(engine().ask(command));
  }
}
BENCHMARK(cancel)->ArgName("ids")->Arg(256)->Arg(4096)->Iterations(20);

}  // namespace
}  // namespace attestrd
