#include <fmt/format.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <charconv>
#include <cmath>
#include <fstream>
#include <limits>
#include <string>
#include <vector>

#include "bench/cadence_play.h"
#include "bench/completion_bound.h"

// Measures the cost of a polling policy on given completion times: mean delay of a result against
// mean polls of a handshake. The policies are the engine's own and those of other clients.

namespace attestrd::bench {
namespace {

constexpr std::size_t kLearningCompletions = 500;
constexpr std::size_t kCompletionsAfterStop = 200;

struct Options {
  std::string times;
  std::string policy = "adaptive";
  double budget = 0;
  double target_s = 0;
  double rate = 0;
  double every_s = 10;
  double max_interval_s = 3600;
  std::string hints = "0";
  std::uint64_t seed = 1;
  bool json = false;
};

struct Price {
  double mean_delay_s = 0;  ///< Of all handshakes: zero for one without a result.
  double mean_result_delay_s = 0;
  double p95_delay_s = 0;
  double mean_polls = 0;
  double bound = 0;

  double over_bound() const { return bound > 0 ? mean_delay_s * mean_polls / bound : 0; }
};

/// Mean delays of the completions after hints have stopped, and of the same ones without any hint.
struct Stop {
  double first_s = 0;  ///< Of the first kCompletionsAfterStop completions.
  double first_without_s = 0;
  double later_s = 0;
  double later_without_s = 0;
};

bool read_crowd(const Options& options, Crowd& crowd) {
  crowd.every_s = options.every_s;
  std::ifstream file(options.times);
  std::string word;
  while (file >> word) {
    double done_s = std::numeric_limits<double>::infinity();
    const auto end = word.data() + word.size();
    if (word != "never") {
      const auto read = std::from_chars(word.data(), end, done_s);
      if (read.ec != std::errc() || read.ptr != end || !(done_s >= 0)) {
        fmt::print(stderr, "{}: \"{}\" is neither seconds nor \"never\"\n", options.times, word);
        return false;
      }
    }
    if (done_s > crowd.archived_after_s) done_s = std::numeric_limits<double>::infinity();
    crowd.done_after_s.push_back(done_s);
  }
  if (crowd.done_after_s.empty()) fmt::print(stderr, "{}: no times\n", options.times);
  return !crowd.done_after_s.empty();
}

double mean_polls(const Played& played) {
  double sum = 0;
  for (const auto polls : played.polls) sum += polls;
  return sum / static_cast<double>(played.polls.size());
}

/// Scales the intervals of a policy until it spends the same mean polls.
template <class Play>
Played at_budget(double budget, Play play) {
  if (budget == 0) return play(1.0);
  double low = std::log(1e-3), high = std::log(1e4);
  for (int halvings = 0; halvings < 16; ++halvings) {
    const double middle = (low + high) / 2;
    (mean_polls(play(std::exp(middle))) > budget ? low : high) = middle;
  }
  return play(std::exp(high));
}

Played play(const Options& options, const Crowd& crowd) {
  const Duration max_interval(static_cast<Duration::rep>(options.max_interval_s * 1e6));
  if (options.policy == "adaptive")
    return play_adaptive(crowd, {options.budget, options.target_s, options.rate}, max_interval,
                         options.seed);
  if (options.policy == "exponential")
    return at_budget(options.budget, [&](double scale) {
      return play_exponential(crowd, scale, max_interval, options.seed);
    });
  const auto peer = peer_named(options.policy);
  return at_budget(options.budget, [&](double scale) {
    return play_peer(crowd, peer, scale, options.max_interval_s, options.seed);
  });
}

/// Returns the price for the handshakes from number `first` on.
Price price_of(const Crowd& crowd, const Played& played, std::size_t first) {
  const std::size_t end = crowd.done_after_s.size();
  const auto count = static_cast<double>(end - first);
  Price price;
  std::vector<double> delays, completions;
  for (std::size_t i = first; i < end; ++i) {
    delays.push_back(played.delay_s[i]);
    price.mean_delay_s += played.delay_s[i] / count;
    price.mean_polls += played.polls[i] / count;
    if (std::isfinite(crowd.done_after_s[i])) completions.push_back(crowd.done_after_s[i]);
  }
  if (!completions.empty())
    price.mean_result_delay_s =
        price.mean_delay_s * count / static_cast<double>(completions.size());
  std::ranges::sort(delays);
  if (!delays.empty()) price.p95_delay_s = delays[delays.size() * 95 / 100];
  price.bound = delay_times_polls_bound(std::move(completions), end - first);
  return price;
}

double stop_s(const Crowd& crowd) {
  return static_cast<double>(crowd.done_after_s.size()) * crowd.every_s / 2;
}

/// Compares two simulations, with hints until the stop and without hints.
Stop compare_after_stop(const Crowd& crowd, const Played& hinted, const Played& without) {
  std::vector<std::pair<double, std::size_t>> completions;
  for (std::size_t i = 0; i < crowd.done_after_s.size(); ++i) {
    const double done_s = static_cast<double>(i) * crowd.every_s + crowd.done_after_s[i];
    if (std::isfinite(done_s) && done_s >= stop_s(crowd)) completions.emplace_back(done_s, i);
  }
  std::ranges::sort(completions);
  const auto mean = [&](const Played& played, std::size_t from, std::size_t to) {
    double sum = 0;
    for (std::size_t k = from; k < to; ++k) sum += played.delay_s[completions[k].second];
    return sum / static_cast<double>(to - from);
  };
  const std::size_t end = completions.size();
  const std::size_t first = std::min(kCompletionsAfterStop, end);
  return {mean(hinted, 0, first), mean(without, 0, first), mean(hinted, first, end),
          mean(without, first, end)};
}

/// Returns the first handshake that was submitted after kLearningCompletions completions had been
/// seen.
std::size_t first_after_learning(const Crowd& crowd, const Played& played) {
  auto seen = played.seen_at_s;
  std::ranges::sort(seen);
  if (seen.size() <= kLearningCompletions || !std::isfinite(seen[kLearningCompletions])) return 0;
  const auto first = static_cast<std::size_t>(seen[kLearningCompletions] / crowd.every_s) + 1;
  return std::min(first, crowd.done_after_s.size());
}

void print(const Stop& stop, bool is_json) {
  constexpr std::string_view kJson =
      R"({{"first_{}":{{"mean_delay_s":{:.6g},"without_hints_s":{:.6g}}},)"
      R"("later":{{"mean_delay_s":{:.6g},"without_hints_s":{:.6g}}}}})"
      "\n";
  constexpr std::string_view kText =
      "after the hints have stopped: first {} completions {:.3f} s, without hints {:.3f} s; later "
      "ones {:.3f} s, without hints {:.3f} s\n";
  fmt::print(fmt::runtime(is_json ? kJson : kText), kCompletionsAfterStop, stop.first_s,
             stop.first_without_s, stop.later_s, stop.later_without_s);
}

void print(const Options& options, const Price& all, const Price& learnt) {
  if (!options.json) {
    fmt::print(
        "{:12} mean delay {:.3f} s, p95 {:.3f} s, {:.3f} polls; delay x polls is {:.3f} x the "
        "bound, {:.3f} x after the first {} completions\n",
        options.policy, all.mean_delay_s, all.p95_delay_s, all.mean_polls, all.over_bound(),
        learnt.over_bound(), kLearningCompletions);
    return;
  }
  fmt::print(
      R"({{"policy":"{}","mean_delay_s":{:.6g},"p95_delay_s":{:.6g},"mean_polls":{:.6g},)"
      R"("bound":{:.6g},"delay_x_polls_over_bound":{:.6g},"after_500":{{"mean_delay_s":{:.6g},)"
      R"("mean_result_delay_s":{:.6g},"mean_polls":{:.6g},"bound":{:.6g},)"
      R"("delay_x_polls_over_bound":{:.6g}}}}})"
      "\n",
      options.policy, all.mean_delay_s, all.p95_delay_s, all.mean_polls, all.bound,
      all.over_bound(), learnt.mean_delay_s, learnt.mean_result_delay_s, learnt.mean_polls,
      learnt.bound, learnt.over_bound());
}

}  // namespace
}  // namespace attestrd::bench

int main(int argc, char** argv) {
  using namespace attestrd::bench;
  Options options;
  CLI::App app("Plays a law of polling on completion times, and tells its price.");
  app.add_option("--times", options.times, "A time in seconds or \"never\" a line, as submitted")
      ->required()
      ->check(CLI::ExistingFile);
  app.add_option("--policy", options.policy)
      ->check(CLI::IsMember({"adaptive", "exponential", "fixed", "aws-waiter", "gax"}))
      ->capture_default_str();
  app.add_option("--budget", options.budget, "Mean polls of a handshake; 0: as it comes")
      ->check(CLI::Range(0.0, 1e6));
  app.add_option("--target", options.target_s,
                 "`poll.target_delay` of adaptive, in seconds; 0: none")
      ->check(CLI::Range(0.0, 1e6));
  app.add_option("--rate", options.rate, "Requests per second of adaptive; 0: no limit")
      ->check(CLI::Range(0.0, 1e6));
  app.add_option("--every", options.every_s, "Seconds between submissions")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--max-interval", options.max_interval_s, "Seconds")
      ->check(CLI::Range(2.0, 1e6))
      ->capture_default_str();
  app.add_option("--hints", options.hints,
                 "Share of the results that a hint announces; stop: all until half of the time")
      ->check(CLI::Range(0.0, 1.0) | CLI::IsMember({"stop"}))
      ->capture_default_str();
  app.add_option("--seed", options.seed)->capture_default_str();
  app.add_flag("--json", options.json);
  CLI11_PARSE(app, argc, argv);
  Crowd crowd;
  if (!read_crowd(options, crowd)) return 65;
  const bool has_stop = options.hints == "stop";
  const Crowd without = crowd;
  if (has_stop) {
    add_hints(crowd, 1, stop_s(crowd), options.seed);
  } else {
    add_hints(crowd, std::stod(options.hints), std::numeric_limits<double>::infinity(),
              options.seed);
  }
  const Played played = play(options, crowd);
  print(options, price_of(crowd, played, 0),
        price_of(crowd, played, first_after_learning(crowd, played)));
  if (has_stop) print(compare_after_stop(crowd, played, play(options, without)), options.json);
}
