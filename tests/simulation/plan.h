#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "base/time.h"
#include "engine/settings.h"
#include "ledger/ledger.h"
#include "simulation/luck.h"
#include "simulation/upstream.h"

namespace attestrd::sim {

/// The faults and settings of one run, drawn from its seed.
struct Plan {
  Duration hours = std::chrono::hours(48);
  EngineSettings settings;
  std::size_t handshakes = 0;
  double kills = 0;  ///< Mean number in the whole run, as of those below.
  double power_cuts = 0;
  double io_failures = 0;
  double disk_fulls = 0;
  double spells = 0;
  double generals = 0;
  double jumps = 0;
  double suspends = 0;
  double reloads = 0;
  double stops = 0;
  double retries = 0;  ///< Of handshakes that may have ended, by operators.
  double readmissions = 0;
  double writers = 0;  ///< Programs that write ids into the inbox in pieces.
  bool has_leases = true;
  double drift = 0;  ///< Seconds that the wall clock gains per second.
  Weather weather;
  RoundBounds bounds;
  // More records accumulate the slower the disk is, and the more handshakes end at once.
  Duration slowest_round = std::chrono::milliseconds(20);
  Duration crowd{0};  ///< See Upstream.
};

Plan draw_plan(Luck& luck, Duration hours);

/// Returns the setting of this name, for this number of handshakes; 0: no limit.
std::uint32_t draw_daily_requests(Luck& luck, std::size_t handshakes);

}  // namespace attestrd::sim
