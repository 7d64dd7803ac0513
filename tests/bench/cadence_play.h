#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/prng.h"
#include "base/time.h"

namespace attestrd::bench {

/// Handshakes in the order of their submission, each done so many seconds after it; infinity:
/// never.
struct Crowd {
  std::vector<double> done_after_s;
  double every_s = 10;
  double archived_after_s = 24 * 3600;
};

/// What became of each.
struct Played {
  std::vector<double> delay_s;  ///< Until a poll saw it; zero if it was never done.
  std::vector<std::uint32_t> polls;
  std::vector<double> seen_at_s;  ///< On the clock of all; infinity: never.
};

/// The real engine, which learns from a cold start. `polls_per_handshake` zero: none is aimed at.
Played play_adaptive(const Crowd& crowd, double polls_per_handshake, Duration max_interval,
                     std::uint64_t seed);

/// The real engine with `cadence = "exponential"`, its intervals times `scale`.
Played play_exponential(const Crowd& crowd, double scale, Duration max_interval,
                        std::uint64_t seed);

/// A peer: the wait in seconds before poll number `attempt` (from 1).
using Peer = std::function<double(std::uint32_t attempt, Prng& prng)>;
Played play_peer(const Crowd& crowd, const Peer& peer, double scale, double max_interval_s,
                 std::uint64_t seed);

/// By name; empty: none has it.
Peer peer_named(const std::string& name);

}  // namespace attestrd::bench
