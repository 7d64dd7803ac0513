#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
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
  unsigned jobs = std::max(1U, std::thread::hardware_concurrency());
  std::string scenario;
  bool needs_unsynced_commit = false;
};

constexpr int kFailed = 1;
constexpr int kNotReached = 3;  ///< Nothing failed, but a scenario does not reach its situation.

struct Sums {
  std::uint64_t seeds = 0, polls = 0, deaths = 0, published = 0, repeated = 0, events = 0,
                commands = 0, unsynced_commits_seen = 0;
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
  sums.commands += world.commands;
  sums.unsynced_commits_seen += world.unsynced_commits_seen;
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
  for (std::uint64_t i = job; i < options.runs; i += options.jobs) {
    if (!run_seed(options.seed + i, options.hours, sums)) return false;
    ++sums.seeds;
  }
  return true;
}

[[noreturn]] void be_job(const Options& options, unsigned job, int pipe) {
  Sums sums;
  const bool is_good = run_share(options, job, sums);
  const bool is_told = ::write(pipe, &sums, sizeof sums) == sizeof sums;
  std::fflush(nullptr);
  std::exit(is_good && is_told ? 0 : 1);  // exit() lets a coverage build write its counts.
}

/// Runs each job in a process of its own, because SQLite's state is global. Returns whether every
/// job ran and succeeded.
bool run_processes(const Options& options, int pipe) {
  std::vector<pid_t> processes;
  bool is_good = true;
  std::fflush(nullptr);
  for (unsigned job = 0; job < options.jobs && is_good; ++job) {
    const pid_t process = ::fork();
    if (process == 0) be_job(options, job, pipe);
    if (process > 0)
      processes.push_back(process);
    else
      std::perror("cannot fork");
    is_good = process > 0;
  }
  for (const pid_t process : processes) {
    int status = 0;
    if (::waitpid(process, &status, 0) != process || status != 0) is_good = false;
    if (WIFSIGNALED(status)) fmt::print(stderr, "a job died of signal {}\n", WTERMSIG(status));
  }
  return is_good;
}

Sums read_sums(int pipe) {
  Sums all, one;
  while (::read(pipe, &one, sizeof one) == sizeof one) {
    all.seeds += one.seeds;
    all.polls += one.polls;
    all.deaths += one.deaths;
    all.published += one.published;
    all.repeated += one.repeated;
    all.events += one.events;
    all.commands += one.commands;
    all.unsynced_commits_seen += one.unsynced_commits_seen;
  }
  return all;
}

/// Returns the exit code.
int run_jobs(const Options& options) {
  int ends[2];
  if (::pipe(ends) != 0) return kFailed;
  const bool all_succeeded = run_processes(options, ends[1]);
  ::close(ends[1]);
  const Sums all = read_sums(ends[0]);
  const bool is_good = all_succeeded && options.runs > 0 && all.seeds == options.runs;
  fmt::print(
      "{} of {} seeds of {} h: {} polls, {} deaths, {} commands of operators, {} published once, "
      "{} "
      "twice by a power cut, {} events: {}\n",
      all.seeds, options.runs, options.hours, all.polls, all.deaths, all.commands, all.published,
      all.repeated, all.events, is_good ? "every promise held" : "FAILED");
  if (!is_good) return kFailed;
  if (!options.needs_unsynced_commit || all.unsynced_commits_seen > 0) return 0;
  fmt::print(stderr, "{}: no seed reaches an unsynced commit: name another\n", options.scenario);
  return kNotReached;
}

/// Reads a scenario, which replays a fault that was found once. The grammar is lines of `seed N`,
/// `runs M` and `hours H`; `#` begins a comment.
/// `reaches_unsynced_commit` demands the situation of World::unsynced_commits_seen.
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
    } else if (word == "reaches_unsynced_commit") {
      options.needs_unsynced_commit = true;
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
  return attestrd::sim::run_jobs(options);
}
