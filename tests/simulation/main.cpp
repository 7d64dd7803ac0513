#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "simulation/world.h"

namespace attestrd::sim {
namespace {

struct Options {
  std::uint64_t seed = 1;
  std::uint64_t runs = 1;
  unsigned hours = 48;
  unsigned jobs = std::thread::hardware_concurrency();
  std::string scenario;
};

struct Sums {
  std::uint64_t polls = 0, deaths = 0, published = 0, repeated = 0, events = 0;
};

void tell_failure(std::uint64_t seed, unsigned hours, const std::string& what,
                  const std::string& tail) {
  fmt::print(stderr, "{}\nseed {}: {}\nreplay it: attestrd_sim --seed {} --hours {}\n", tail, seed,
             what, seed, hours);
}

/// Returns the hash of the trace; nothing if a guarantee was violated. Only one world may exist at
/// a time, because SQLite uses a single disk.
std::optional<std::uint64_t> run_world(std::uint64_t seed, unsigned hours, Sums& sums) {
  World world(seed, std::chrono::hours(hours));
  try {
    world.run();
  } catch (const Violation& violation) {
    tell_failure(seed, hours, violation.what, world.trace_tail());
    return {};
  }
  sums.polls += world.judge().polls;
  sums.deaths += world.deaths;
  sums.published += world.judge().published();
  sums.repeated += world.judge().second_publications;
  sums.events += world.events;
  return world.trace_hash();
}

bool run_seed(std::uint64_t seed, unsigned hours, Sums& sums) {
  const auto hash = run_world(seed, hours, sums);
  if (!hash) return false;
  Sums ignored;
  if (seed % 100 != 0 || run_world(seed, hours, ignored) == hash) return true;
  tell_failure(seed, hours, "the same seed takes another way", "");
  return false;
}

bool run_share(const Options& options, unsigned job, Sums& sums) {
  for (std::uint64_t i = job; i < options.runs; i += options.jobs)
    if (!run_seed(options.seed + i, options.hours, sums)) return false;
  return true;
}

/// Runs each job in a process of its own, because SQLite's state is global.
bool run_jobs(const Options& options) {
  int ends[2];
  if (::pipe(ends) != 0) return false;
  std::fflush(nullptr);
  for (unsigned job = 0; job < options.jobs; ++job) {
    if (::fork() != 0) continue;
    Sums sums;
    const bool is_good = run_share(options, job, sums);
    const bool is_told = ::write(ends[1], &sums, sizeof sums) == sizeof sums;
    std::fflush(nullptr);
    std::exit(is_good && is_told ? 0 : 1);  // exit() lets a coverage build write its counts.
  }
  bool is_good = true;
  for (unsigned job = 0; job < options.jobs; ++job) {
    int status = 0;
    ::wait(&status);
    is_good &= status == 0;
  }
  ::close(ends[1]);
  Sums all, one;
  while (::read(ends[0], &one, sizeof one) == sizeof one) {
    all.polls += one.polls;
    all.deaths += one.deaths;
    all.published += one.published;
    all.repeated += one.repeated;
    all.events += one.events;
  }
  fmt::print(
      "{} seeds of {} h: {} polls, {} deaths, {} published once, {} twice by a power cut, {} "
      "events: {}\n",
      options.runs, options.hours, all.polls, all.deaths, all.published, all.repeated, all.events,
      is_good ? "every promise held" : "A PROMISE IS BROKEN");
  return is_good;
}

/// Reads a scenario, which replays a fault that was found once. The grammar is lines of `seed N`,
/// `runs M` and `hours H`; `#` begins a comment.
bool read_scenario(Options& options) {
  std::ifstream file(options.scenario);
  std::string word;
  while (file >> word) {
    if (word[0] == '#') {
      std::getline(file, word);
    } else if (word == "seed") {
      file >> options.seed;
    } else if (word == "runs") {
      file >> options.runs;
    } else if (word == "hours") {
      file >> options.hours;
    } else {
      fmt::print(stderr, "{}: what is \"{}\"?\n", options.scenario, word);
      return false;
    }
  }
  return file.eof();
}

}  // namespace
}  // namespace attestrd::sim

int main(int argc, char** argv) {
  attestrd::sim::Options options;
  CLI::App app(
      "Simulates attestrd on a clock, a network and a disk that fail. Every run follows "
      "from its seed.");
  app.add_option("--seed", options.seed, "The first seed")->capture_default_str();
  app.add_option("--runs", options.runs, "How many seeds")->capture_default_str();
  app.add_option("--hours", options.hours, "Simulated hours of each")->capture_default_str();
  app.add_option("--jobs", options.jobs, "Processes")->check(CLI::Range(1, 1024));
  app.add_option("--scenario", options.scenario, "A file that names seeds");
  CLI11_PARSE(app, argc, argv);
  if (!options.scenario.empty() && !attestrd::sim::read_scenario(options)) return 64;
  return attestrd::sim::run_jobs(options) ? 0 : 1;
}
