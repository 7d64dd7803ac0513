#pragma once

#include <optional>
#include <utility>

#include "engine/engine.h"

namespace attestrd {

/// The handlers of the commands: one for each, in the order of EngineCommand. An object lives for
/// one event.
class Engine::Commands {
 public:
  Commands(Engine& engine, const Step& step) : engine_(engine), step_(step), now_(step.now) {}

  /// Why a handshake waits, and the earliest time of its next poll from now: see Explanation.
  using NextPoll = std::pair<Explanation::Wait, std::optional<Duration>>;
  static NextPoll next_poll_of(const Engine& engine, Slot slot, Now now);

  EngineAnswer operator()(const ExplainCommand& command) const;
  EngineAnswer operator()(const ReportCommand& command) const;
  EngineAnswer operator()(const KickCommand& command) const;
  EngineAnswer operator()(const ListCommand& command) const;
  EngineAnswer operator()(const AgesCommand& command) const;
  EngineAnswer operator()(const CancelCommand& command) const;
  EngineAnswer operator()(const KickAccountCommand& command) const;
  EngineAnswer operator()(const CurveCommand& command) const;
  EngineAnswer operator()(const HintCommand& command) const;

 private:
  Kicked kick(const HandshakeId& id) const;
  Cancelled cancel(const HandshakeId& id) const;

  Engine& engine_;
  const Step& step_;
  Now now_;
};

/// The effect of new settings: they hold at once for all handshakes, also for those that wait. An
/// object lives for one event.
class Engine::Reload {
 public:
  Reload(Engine& engine, Now now) : engine_(engine), now_(now) {}

  /// Sets the settings for all that begins from now on.
  void configure(EngineSettings settings);
  /// Sets the settings for all handshakes.
  void apply(const EngineSettings& settings, const Step& step);
  /// Plans the polls of the next limits::kReplannedPerStep slots anew, after apply(), so that no
  /// step takes long.
  void replan_some();

 private:
  void move_deadlines(const EngineSettings& settings);
  void note_polls_in_flight();
  void replan(Slot slot);
  void forget_failures(PendingRecord& record) const;

  Engine& engine_;
  Now now_;
};

}  // namespace attestrd
