#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "daemon/control/status.h"
#include "engine/explanation.h"
#include "handshake/handshake_id.h"
#include "handshake/known_handshake.h"
#include "queue/postgres/operators/located_row.h"

namespace attestrd {

/// The report on one handshake, which may be unknown.
struct ExplainReport {
  /// Neither the daemon nor the queue knows the id.
  struct Unknown {};

  /// The handshake is pending, and the running daemon has it.
  struct Waiting {
    Explanation why;
    StatusReport::Daemon daemon;  ///< Contains the reasons that may stop all polls.
  };

  /// The handshake is pending in the queue, and this daemon has not adopted it.
  struct Queued {
    QueuedHandshake row;
    bool has_daemon = true;  ///< False if no daemon runs here, and the queue itself was read.
  };

  /// The handshake has ended.
  struct Ended {
    Outcome outcome{};
    Wall finished_at{};
    bool is_published = false;  ///< False while its record is being published.
    std::string diverted_to{};  ///< See EndedHandshake.
  };

  using Case = std::variant<Unknown, Waiting, Queued, Ended>;

  HandshakeId id;
  Wall now{};  ///< The time of the report.
  Case found;
  RowNode node{};             ///< The node that has it; without a name: there is no fleet.
  bool is_elsewhere = false;  ///< It is another node than the one that reports.

  bool is_known() const { return !std::holds_alternative<Unknown>(found); }
};

/// Returns the case that the queue's row stands for.
ExplainReport::Case case_of(const KnownHandshake& row, bool has_daemon);

/// Returns the report for programs: one JSON object and a line feed.
std::string explain_json(const ExplainReport& report);

/// Returns a line of a list: the JSON object of explain_json() with the state in the list, and
/// without the expected polls.
std::string list_json(const ExplainReport& report, std::string_view state);

/// Returns the report for people: a sentence that gives the reason, then the values behind it.
std::string explain_text(const ExplainReport& report);

}  // namespace attestrd
