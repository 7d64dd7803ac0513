// Operators who change what is pending: they pause all polls, hold, kick and cancel handshakes.

#include "simulation/world_daemon.h"

namespace attestrd::sim {

using namespace std::chrono_literals;

void World::plan_interventions() {
  const double mean = operators_.chance(0.5) ? 0 : operators_.spread(1, 100);
  for (auto left = static_cast<unsigned>(mean); left > 0; --left)
    after(operators_.up_to(plan_.hours), [this] {
      if (!is_calm_) intervene();
    });
}

void World::intervene() {
  if (!daemon_ || daemon_->is_stopping || ids_.empty()) return;
  ++commands;
  const auto id = *std::next(ids_.begin(), static_cast<long>(operators_.below(ids_.size())));
  switch (operators_.below(10)) {
    case 0:
      pause(true);
      return after(operators_.spread(1s, 6h), [this] {
        if (daemon_ && !daemon_->is_stopping) pause(false);
      });
    case 1: return pause(false);
    case 2:
    case 3:
    case 4: return hold(id, true);
    case 5:
    case 6: return hold(id, false);
    case 7: return cancel(id);
    case 8: return kick(id);
    default: return drop_kick(id);
  }
}

void World::pause(bool is_paused) {
  note(is_paused ? "pause" : "resume");
  judge_.pause_asked(is_paused);
  daemon_->pauses_asked.emplace(++last_ticket_, is_paused);
  daemon_->waiting.pauses.push_back({last_ticket_, is_paused});
  work();
}

void World::hold(const HandshakeId& id, bool is_held) {
  note(is_held ? "hold" : "release", id.view());
  judge_.hold_asked(id, is_held);
  daemon_->holds_asked.emplace(++last_ticket_, SetHeld{id, is_held});
  daemon_->waiting.holds.push_back({last_ticket_, id, is_held});
  work();
}

void World::cancel(const HandshakeId& id) {
  note("cancel", id.view());
  judge_.cancel_asked(id);
  cancelled_ = id;
  const EngineCommand command = CancelCommand{{id}};
  step(Commanded{++last_ticket_, &command});
}

void World::kick(const HandshakeId& id) {
  note("kick", id.view());
  judge_.kicked(id, mono_);
  const EngineCommand command = KickCommand{{id}};
  step(Commanded{++last_ticket_, &command});
}

/// Drops an empty file `ID.kick`.
void World::drop_kick(const HandshakeId& id) {
  const auto name = std::string(id.view()) + ".kick";
  if (disk_.names("inbox").contains(name)) return;
  note("drops a kick", id.view());
  kicks_dropped_.insert(id);
  drop(name, "");
}

/// Ends all that would keep handshakes from their ends.
void World::end_interventions() {
  pause(false);
  for (const auto& id : ids_) hold(id, false);
}

void World::pass_on_interventions(const RoundReport& report) {
  if (report.pause) step(PauseChanged{*report.pause});
  for (const auto& [ticket, is_changed] : report.paused)
    judge_.pause_answered(daemon_->pauses_asked.at(ticket));
  for (const auto& hold : report.holds) step(HoldChanged{hold});
  for (const auto& id : report.kicked) {
    if (!kicks_dropped_.contains(id)) throw Violation{"a kick that nobody asked for"};
    kick(id);
  }
  for (const auto& [ticket, is_pending] : report.held) {
    const auto& [id, is_held] = daemon_->holds_asked.at(ticket);
    judge_.hold_answered(id, is_held, is_pending);
  }
}

}  // namespace attestrd::sim
