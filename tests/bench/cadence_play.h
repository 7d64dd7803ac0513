#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/prng.h"
#include "base/time.h"

namespace attestrd::bench {

/// Handshakes in the order of their submission, with their completion times in seconds after it;
/// infinity: never.
struct Crowd {
  std::vector<double> done_after_s;
  std::vector<double> hinted_after_s;  ///< Times of their hints; infinity: none. Empty: no hints.
  double every_s = 10;
  double archived_after_s = 24 * 3600;
};

/// The course of the simulation for each handshake.
struct Played {
  std::vector<double> delay_s;  ///< From completion to its poll; 0: never completed.
  std::vector<std::uint32_t> polls;
  std::vector<double> seen_at_s;  ///< On the common clock; infinity: never.
};

/// The targets of the adaptive cadence; zero: none.
struct AdaptiveTargets {
  double polls_per_handshake = 0;
  double delay_s = 0;
  double requests_per_second = 0;
};

/// Adds the hints, of which each comes half a second after its result. A share of the results has
/// one, until the time `stop_s` on the common clock.
void add_hints(Crowd& crowd, double share, double stop_s, std::uint64_t seed);

/// Simulates the real engine with the adaptive cadence, from a cold start.
Played play_adaptive(const Crowd& crowd, const AdaptiveTargets& targets, Duration max_interval,
                     std::uint64_t seed);

/// Simulates the real engine with `cadence = "exponential"`, and its intervals times `scale`.
Played play_exponential(const Crowd& crowd, double scale, Duration max_interval,
                        std::uint64_t seed);

/// The policy of another client: returns the wait in seconds before poll number `attempt` (from 1).
using Peer = std::function<double(std::uint32_t attempt, Prng& prng)>;
Played play_peer(const Crowd& crowd, const Peer& peer, double scale, double max_interval_s,
                 std::uint64_t seed);

/// Returns the policy of this name; empty if none has it.
Peer peer_named(const std::string& name);

}  // namespace attestrd::bench
