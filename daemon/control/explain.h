#pragma once

#include <string>
#include <variant>

#include "daemon/control/status.h"
#include "engine/explanation.h"
#include "handshake/handshake_id.h"
#include "handshake/known_handshake.h"

namespace attestrd {

/// All that is known of one handshake, which may be nothing.
struct ExplainReport {
  /// Neither the daemon nor the queue knows the id.
  struct Unknown {};

  /// It is pending, and the daemon that runs has it.
  struct Waiting {
    Explanation why;
    StatusReport::Daemon daemon;  ///< What may hold all handshakes.
  };

  /// It is pending in the queue, and no daemon has it yet.
  struct Queued {
    QueuedHandshake row;
    bool has_daemon = true;  ///< False: none runs, and the queue file was read.
  };

  /// It has ended.
  struct Ended {
    Outcome outcome{};
    Wall finished_at{};
    bool is_published = false;  ///< Else its record is on its way.
  };

  using Case = std::variant<Unknown, Waiting, Queued, Ended>;

  HandshakeId id;
  Wall now{};  ///< When the report was made.
  Case found;

  bool is_known() const { return !std::holds_alternative<Unknown>(found); }
};

/// The queue's knowledge of the handshake.
ExplainReport::Case case_of(const KnownHandshake& row, bool has_daemon);

/// For programs: one JSON object and a line feed.
std::string explain_json(const ExplainReport& report);

/// For people: a sentence that says why, then what it follows from.
std::string explain_text(const ExplainReport& report);

}  // namespace attestrd
