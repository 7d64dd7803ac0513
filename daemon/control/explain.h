#pragma once

#include <optional>
#include <string>
#include <variant>

#include "engine/explanation.h"
#include "handshake/handshake_id.h"
#include "queue/queue.h"
#include "daemon/control/status.h"

namespace attestrd {

/// All that is known of one handshake, which may be nothing.
struct ExplainReport {
  /// What the daemon that runs knows of one that is pending.
  struct Waiting {
    Explanation why;
    StatusReport::Daemon daemon;  ///< What may hold all of them.
  };

  HandshakeId id;
  Wall now{};  ///< When this was so.
  std::optional<Waiting> waiting;
  KnownHandshake row;      ///< Without `waiting`: what the queue says.
  bool has_daemon = true;  ///< Else none runs, and the queue file was read.

  bool is_known() const { return waiting || !std::holds_alternative<UnknownHandshake>(row); }
};

/// For programs: one JSON object and a line feed.
std::string explain_json(const ExplainReport& report);

/// For people: a sentence that says why, then what it follows from.
std::string explain_text(const ExplainReport& report);

}  // namespace attestrd
