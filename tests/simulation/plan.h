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

/// What may befall the daemon in one run. Each seed draws its own.
struct Plan {
  Duration hours = std::chrono::hours(48);
  EngineSettings settings;
  std::size_t handshakes = 0;
  double kills = 0;  ///< These are so many in the whole run, on average.
  double power_cuts = 0;
  double io_failures = 0;
  double disk_fulls = 0;
  double spells = 0;
  double jumps = 0;
  double suspends = 0;
  double reloads = 0;
  double stops = 0;
  double drift = 0;  ///< Seconds that the wall clock gains in one.
  Weather weather;
  RoundBounds bounds;
  // The slower the disk, and the more end at once, the more records gather.
  Duration slowest_round = std::chrono::milliseconds(20);
  Duration crowd{0};  ///< See Upstream.
};

Plan draw_plan(Luck& luck, Duration hours);

/// The setting of this name, for so many handshakes; 0: no limit.
std::uint32_t draw_daily_requests(Luck& luck, std::size_t handshakes);

}  // namespace attestrd::sim
