#pragma once

#include <functional>

#include "base/result.h"
#include "base/time.h"
#include "engine/command.h"
#include "handshake/handshake_id.h"
#include "metrics/metrics.h"
#include "handshake/known_handshake.h"

namespace attestrd {

/// Facts about the daemon that the engine does not have.
struct DaemonFacts {
  int pid = 0;
  Wall started_at{};
  Metrics counters;  ///< Counters that the engine does not keep.
};

/// The queries that routes can make. They are made on the event loop. Each answer is delivered on
/// the event loop, immediately or later, and not at all once the daemon stops.
struct Questions {
  using OnAnswer = std::function<void(EngineAnswer)>;
  using OnFound = std::function<void(Result<KnownHandshake>)>;

  std::function<void(EngineCommand, OnAnswer)> ask_engine;   ///< Conductor::ask
  std::function<void(const HandshakeId&, OnFound)> look_up;  ///< DiskWorker::look_up
  std::function<DaemonFacts()> facts;
  std::function<Now()> now;
};

}  // namespace attestrd
