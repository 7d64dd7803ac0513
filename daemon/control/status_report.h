#pragma once

#include "base/time.h"
#include "daemon/control/questions.h"
#include "daemon/control/status.h"
#include "engine/command.h"

namespace attestrd {

/// The status of the daemon that runs, from what its parts say of themselves.
StatusReport status_report(const EngineReport& engine, const DaemonFacts& facts, Now now);
StatusReport::Daemon daemon_status(const EngineReport& engine, const DaemonFacts& facts, Now now);

}  // namespace attestrd
