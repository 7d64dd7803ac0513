#pragma once

#include "engine/engine.h"

namespace attestrd {

/// The handlers of the commands: one for each, in the order of EngineCommand. An object lives for
/// one event.
class Engine::Commands {
 public:
  Commands(Engine& engine, Now now) : engine_(engine), now_(now) {}

  EngineAnswer operator()(const ExplainCommand& command) const;
  EngineAnswer operator()(const ReportCommand& command) const;
  EngineAnswer operator()(const KickCommand& command) const;

 private:
  Kicked kick(const HandshakeId& id) const;

  Engine& engine_;
  Now now_;
};

}  // namespace attestrd
