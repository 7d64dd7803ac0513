#include "engine/engine.h"

namespace attestrd {

// The handlers of the commands: one each, in the order of EngineCommand.

class Engine::Commands {
 public:
  Commands(Engine& engine, Now now) : engine_(engine), now_(now) {}

  EngineAnswer operator()(const ExplainCommand& command) const {
    return engine_.explain(command.id, now_);
  }

  EngineAnswer operator()(const ReportCommand&) const {
    EngineReport report = engine_.report(now_);
    report.oldest_submitted_at = engine_.oldest_submitted_at(now_);
    return report;
  }

  EngineAnswer operator()(const KickCommand& command) const {
    std::vector<Kicked> kicked;
    kicked.reserve(command.ids.size());
    for (const HandshakeId& id : command.ids) kicked.push_back(kick(id));
    return kicked;
  }

 private:
  Kicked kick(const HandshakeId& id) const {
    const auto slot = engine_.roster_.find(id);
    if (!slot || engine_.roster_[*slot].is_lost) return Kicked::not_pending;
    switch (engine_.roster_[*slot].state) {
      case State::waiting:
        engine_.wheel_.erase(*slot);
        engine_.make_ready(*slot);
        return Kicked::due_now;
      case State::ready: return Kicked::due_already;
      case State::polling: return Kicked::in_flight;
      case State::settling: return Kicked::ending;
      // Never: a vacant slot has no id.
      case State::vacant: break;
    }
    return Kicked::not_pending;
  }

  Engine& engine_;
  Now now_;
};

void Engine::on(const Commanded& event) {
  actions_->emplace_back(Answered{event.ticket, std::visit(Commands(*this, now_), *event.command)});
}

}  // namespace attestrd
