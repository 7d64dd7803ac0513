#pragma once

#include "base/time.h"
#include "daemon/control/questions.h"
#include "daemon/control/status.h"
#include "engine/command.h"

namespace attestrd {

/// Returns the status of the running daemon, composed of the engine's report and the facts.
StatusReport status_report(const EngineReport& engine, const DaemonFacts& facts, Now now);
StatusReport::Daemon daemon_status(const EngineReport& engine, const DaemonFacts& facts, Now now);

}  // namespace attestrd
