// Hints of results, as Attestr sends them, and hints that are forged, repeated, early, or for
// unknown handshakes.

#include "simulation/world_daemon.h"

namespace attestrd::sim {

using namespace std::chrono_literals;

void World::plan_hints(const HandshakeId& id) {
  if (hint_share_ == 0) return;
  const Mono result_at = upstream_.fate(id).result_at;
  if (result_at != Mono::max() && hints_.chance(hint_share_)) {
    do after(result_at - mono_ + hints_.spread(1ms, 1min), [this, id] { hint(id); });
    while (hints_.chance(0.2));
  }
  while (hints_.chance(0.4)) {
    const auto hinted = hints_.chance(0.2) ? *HandshakeId::parse("DSnobodyHasThis") : id;
    after(hints_.up_to(plan_.settings.give_up_after), [this, hinted] {
      for (auto left = hints_.below(5); left > 0; --left) hint(hinted);
    });
  }
}

void World::hint(const HandshakeId& id) {
  if (!daemon_) return;
  note("hint", id.view());
  const EngineCommand command = HintCommand{id};
  step(Commanded{++last_ticket_, &command});
}

}  // namespace attestrd::sim
