#include "simulation/plan.h"

#include <algorithm>

namespace attestrd::sim {

using namespace std::chrono_literals;

// Draws at least so many requests that all handshakes can end within the bound.
std::uint32_t draw_daily_requests(Luck& luck, std::size_t handshakes) {
  const double least = 20 + 4 * static_cast<double>(handshakes);
  return luck.chance(0.5) ? 0 : static_cast<std::uint32_t>(luck.spread(least, 2000));
}

Plan draw_plan(Luck& luck, Duration hours) {
  const auto often = [&luck](double most) { return luck.chance(0.5) ? 0 : luck.spread(0.1, most); };
  const auto share = [&luck] { return luck.chance(0.5) ? 0 : luck.spread(0.001, 0.3); };
  Plan plan;
  plan.hours = hours;
  auto& settings = plan.settings;
  settings.cadence = luck.chance(0.5) ? CadenceKind::adaptive : CadenceKind::exponential;
  settings.requests_per_second = luck.chance(0.2) ? 0 : luck.spread(0.05, 200);
  plan.handshakes = static_cast<std::size_t>(luck.spread(1, 60));
  settings.daily_requests = draw_daily_requests(luck, plan.handshakes);
  settings.connections = static_cast<std::uint32_t>(luck.spread(1, 65));
  settings.min_interval = luck.spread(10ms, 60s);
  settings.max_interval = std::max(settings.min_interval, luck.spread(60s, 1h));
  settings.backoff_factor = luck.spread(1.2, 3);
  settings.give_up_after = luck.spread(10min, 25h);
  settings.expiry_grace = luck.spread(1s, 20min);
  settings.unknown_grace = luck.spread(1s, 20min);
  settings.signature_attempts = static_cast<std::uint32_t>(1 + luck.below(4));
  settings.witness_time = settings.unknown_grace / 2;
  settings.host = "api.attestr.com";
  plan.kills = often(60);
  plan.power_cuts = often(40);
  plan.io_failures = often(15);
  plan.disk_fulls = often(8);
  plan.spells = often(8);
  plan.jumps = often(3);
  plan.suspends = often(3);
  plan.reloads = often(3);
  plan.stops = often(3);
  // A poor quartz oscillator gains or loses some seconds a day.
  plan.drift = luck.chance(0.5) ? 0 : luck.spread(1e-6, 5e-4) * (luck.chance(0.5) ? 1 : -1);
  plan.weather = {
      share(), share(), share(), share() / 2, share() / 2, share(), luck.spread(1ms, 5s), 0};
  plan.bounds.synced_one_by_one = luck.below(5);
  plan.bounds.give_up_after = settings.give_up_after;
  // Draws from a copy, so that seeds without these settings keep their course.
  Luck copy = luck;
  if (copy.chance(0.5)) plan.bounds.records = 1 + copy.below(5);
  if (copy.chance(0.4)) {
    plan.slowest_round = copy.spread(10min, 6h);
    plan.crowd = copy.spread(6h, 48h);
    plan.bounds.records = 1 + copy.below(3);
  }
  if (copy.chance(0.2)) settings.verified_at_once_bytes = 0;
  plan.writers = copy.chance(0.5) ? 0 : copy.spread(0.5, 20);
  plan.has_leases = copy.chance(0.8);
  if (copy.chance(0.3)) plan.weather.misdated = copy.spread(0.001, 0.9);
  if (copy.chance(0.5)) plan.weather.poisoned = copy.spread(0.01, 0.4);
  plan.generals = copy.chance(0.5) ? 0 : copy.spread(0.1, 8);
  if (copy.chance(0.5)) plan.weather.skipped = copy.spread(0.1, 0.9);
  if (copy.chance(0.4)) plan.weather.replayed = copy.spread(0.01, 0.5);
  plan.retries = copy.chance(0.5) ? 0 : copy.spread(1, 60);
  plan.readmissions = copy.chance(0.5) ? 0 : copy.spread(1, 60);
  if (copy.chance(0.5)) settings.target_delay = copy.spread(1s, 1h);
  return plan;
}

}  // namespace attestrd::sim
