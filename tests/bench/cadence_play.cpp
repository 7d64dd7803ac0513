#include "bench/cadence_play.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "base/check.h"
#include "engine/engine.h"

namespace attestrd::bench {
namespace {

using namespace std::chrono_literals;

constexpr double kNever = std::numeric_limits<double>::infinity();
constexpr double kShortestS = 2;
constexpr double kHintDelayS = 0.5;
constexpr std::string_view kSecret = "client-secret";
constexpr std::string_view kResult = R"({"FS1":{"input":{},"output":{}}})";

Duration from_seconds(double s) { return Duration(static_cast<Duration::rep>(s * 1e6)); }
double seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

Played unplayed(std::size_t count) {
  return {std::vector<double>(count, 0), std::vector<std::uint32_t>(count, 0),
          std::vector<double>(count, kNever)};
}

std::string hex_signature() {
  HmacSha256 hmac{Secret(std::string(kSecret))};
  hmac.update(kResult);
  std::string hex;
  for (const unsigned char byte : hmac.finish()) hex += fmt::format("{:02x}", byte);
  return hex;
}

std::vector<Secret> secrets() {
  std::vector<Secret> all;
  all.emplace_back(std::string(kSecret));
  return all;
}

/// The environment of one engine: Attestr, the clock and the queue. Attestr answers without delay.
class Stage {
 public:
  Stage(const Crowd& crowd, EngineSettings settings, std::uint64_t seed)
      : crowd_(crowd),
        verifier_(secrets(), SigningFormPolicy::raw),
        engine_(std::move(settings), verifier_, seed, now()),
        played_(unplayed(crowd.done_after_s.size())),
        signature_(hex_signature()) {
    for (std::size_t i = 0; i < crowd.hinted_after_s.size(); ++i) {
      if (!std::isfinite(crowd.hinted_after_s[i])) continue;
      hints_.emplace_back(submitted(i) + from_seconds(crowd.hinted_after_s[i]), i);
    }
    std::ranges::sort(hints_);
  }

  Played play() {
    std::size_t next = 0;
    auto hint = hints_.begin();
    for (;;) {
      const auto wake = engine_.next_wake();
      const Mono arrival = next < crowd_.done_after_s.size() ? submitted(next) : Mono::max();
      const Mono hinted = hint != hints_.end() ? hint->first : Mono::max();
      if (!wake && arrival == Mono::max()) return std::move(played_);
      const Mono first = std::min({wake.value_or(Mono::max()), arrival, hinted});
      mono_ = std::max(mono_, first);
      if (first == arrival) {
        adopt(next++);
      } else if (first == hinted) {
        const EngineCommand command = HintCommand{id_of(hint++->second)};
        step(Commanded{0, &command});
      } else {
        step(Woke{});
      }
    }
  }

 private:
  static constexpr Wall kEpoch{Duration(1'764'000'000'000'000)};

  Now now() const { return {mono_, kEpoch + mono_.time_since_epoch()}; }
  Mono submitted(std::size_t i) const {
    return Mono(from_seconds(static_cast<double>(i) * crowd_.every_s));
  }

  static HandshakeId id_of(std::size_t i) { return *HandshakeId::parse(fmt::format("DS{}", i)); }

  void adopt(std::size_t i) {
    const Wall wall = kEpoch + submitted(i).time_since_epoch();
    const QueuedHandshake handshake{
        id_of(i), {}, wall, wall + from_seconds(crowd_.archived_after_s), {}, 0};
    step(Adopted{&handshake, true});
  }

  void step(const EngineEvent& event) {
    Actions actions;
    engine_.step(now(), event, actions);
    for (auto& action : actions) {
      if (auto* const poll = std::get_if<StartPoll>(&action)) {
        answer(*poll);
      } else if (auto* const settle = std::get_if<Settle>(&action)) {
        step(Settled{settle->finish.id});
      }
    }
  }

  void answer(const StartPoll& poll) {
    const auto i = static_cast<std::size_t>(std::stoul(std::string(poll.id.view().substr(2))));
    const double age_s = seconds(mono_ - submitted(i));
    ++played_.polls[i];
    std::string fields = R"("consumed":false,"result":null)";
    if (crowd_.done_after_s[i] <= age_s) {
      played_.delay_s[i] = age_s - crowd_.done_after_s[i];
      played_.seen_at_s[i] = seconds(mono_.time_since_epoch());
      fields =
          fmt::format(R"("consumed":true,"result":{},"resultSignature":"{}")", kResult, signature_);
    }
    const auto body = fmt::format(R"({{"_id":"{}",{}}})", poll.id.view(), fields);
    HttpResponse response;
    response.status = 200;
    response.body = body;
    const PollReply reply = response;
    step(Replied{poll.ticket, &reply});
  }

  const Crowd& crowd_;
  Mono mono_{};
  Verifier verifier_;
  Engine engine_;
  Played played_;
  std::vector<std::pair<Mono, std::size_t>> hints_;  // In the order of their times.
  std::string signature_;
};

EngineSettings settings_of(const Crowd& crowd, Duration max_interval) {
  EngineSettings settings;
  settings.requests_per_second = 0;
  settings.connections = 1000;
  settings.min_interval = from_seconds(kShortestS);
  settings.max_interval = max_interval;
  settings.hinted_max_interval = 24h;
  settings.give_up_after = from_seconds(crowd.archived_after_s);
  settings.expiry_grace = 0s;
  return settings;
}

}  // namespace

void add_hints(Crowd& crowd, double share, double stop_s, std::uint64_t seed) {
  Prng prng(seed);
  for (std::size_t i = 0; i < crowd.done_after_s.size(); ++i) {
    const bool is_hinted = prng.unit() < share;
    const double done_s = static_cast<double>(i) * crowd.every_s + crowd.done_after_s[i];
    crowd.hinted_after_s.push_back(
        is_hinted && done_s < stop_s ? crowd.done_after_s[i] + kHintDelayS : kNever);
  }
}

Played play_adaptive(const Crowd& crowd, const AdaptiveTargets& targets, Duration max_interval,
                     std::uint64_t seed) {
  auto settings = settings_of(crowd, max_interval);
  settings.polls_per_handshake = targets.polls_per_handshake;
  settings.target_delay = from_seconds(targets.delay_s);
  settings.requests_per_second = targets.requests_per_second;
  return Stage(crowd, settings, seed).play();
}

Played play_exponential(const Crowd& crowd, double scale, Duration max_interval,
                        std::uint64_t seed) {
  auto settings = settings_of(crowd, max_interval);
  settings.cadence = CadenceKind::exponential;
  settings.min_interval = from_seconds(kShortestS * std::max(scale, 1.0));
  settings.max_interval = std::max(settings.min_interval, max_interval);
  settings.backoff_factor = 1 + (settings.backoff_factor - 1) * scale;  // Scales each gap.
  return Stage(crowd, settings, seed).play();
}

Played play_peer(const Crowd& crowd, const Peer& peer, double scale, double max_interval_s,
                 std::uint64_t seed) {
  Prng prng(seed);
  Played played = unplayed(crowd.done_after_s.size());
  for (std::size_t i = 0; i < crowd.done_after_s.size(); ++i) {
    double age_s = 0;
    while (age_s < crowd.archived_after_s) {
      const double gap_s = scale * peer(++played.polls[i], prng);
      age_s += std::clamp(gap_s, kShortestS, max_interval_s);
      age_s = std::min(age_s, crowd.archived_after_s);  // The last poll is at the deadline.
      if (crowd.done_after_s[i] > age_s) continue;
      played.delay_s[i] = age_s - crowd.done_after_s[i];
      played.seen_at_s[i] = age_s + static_cast<double>(i) * crowd.every_s;
      break;
    }
  }
  return played;
}

Peer peer_named(const std::string& name) {
  if (name == "fixed") return [](std::uint32_t, Prng&) { return 30.0; };
  // Smithy 2.0, "Waiters": full jitter between minDelay and min(maxDelay, minDelay * 2^(n-1)).
  if (name == "aws-waiter")
    return [](std::uint32_t attempt, Prng& prng) {
      const double most_s = std::min(120.0, 2 * std::exp2(std::min(attempt - 1, 20U)));
      return 2 + prng.unit() * (most_s - 2);
    };
  // Google's API client generator, polling of long-running operations: 1 s, times 1.5, to 60 s.
  if (name == "gax")
    return [](std::uint32_t attempt, Prng&) {
      return std::min(60.0, std::pow(1.5, std::min(attempt - 1, 40U)));
    };
  return {};
}

}  // namespace attestrd::bench
