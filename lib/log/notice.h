#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "handshake/handshake.h"

namespace attestrd {

/// The closed list of what attestrd says in its log. README documents each.
enum class Event : std::uint8_t {
  daemon_started,
  daemon_stopping,
  daemon_stopped,
  daemon_failed,        ///< Something is broken that only a restart and its recovery may mend.
  queue_recovered,      ///< What the queue and the spool held at start.
  inbox_accepted,       ///< One inbox file (or the part of it read in one round), with its counts.
  inbox_refused,        ///< A file, or a line of one, is in refused/.
  inbox_merged,         ///< An id that is pending already.
  inbox_already_ended,  ///< An id that has ended; it is not polled again.
  handshake_completed,
  handshake_archived,
  handshake_failed,
  handshake_rejected,
  poll_answered,  ///< Debug: one answer.
  poll_error,     ///< A poll of one handshake went wrong; it is asked again.
  account_paused,
  account_resumed,
  budget_spent,    ///< Of the day's requests only those kept for last polls are left.
  budget_renewed,  ///< The next day, or a higher limit.
  disk_full,
  disk_room,          ///< There is room again.
  spool_conflict,     ///< A name in the spool was taken by other bytes.
  spool_quarantined,  ///< A file in staging/ that no row knows.
  config_reloaded,
  config_rejected,  ///< A reload found an error; the old configuration stays.
  cadence_chosen,
  log_dropped,  ///< The reader of our log is too slow; so many lines were dropped.
};

enum class Level : std::uint8_t { debug, info, warn, error };

/// One line of the log, as data. Only what has a member here can be logged: no token, no secret,
/// no result, nothing of a result.
struct Notice {
  Event event{};
  Level level = Level::info;
  std::string message;  ///< A sentence for people; no personal data in it.

  std::optional<HandshakeId> handshake;
  std::optional<Outcome> outcome;
  std::string reason;      ///< A word of a closed list, or what the system said.
  std::string request_id;  ///< Attestr's tracing id, checked by read_answer().
  std::string file;        ///< The name of a submission or a spool file; escaped when written.
  std::string host;
  std::optional<std::uint32_t> polls;
  std::optional<unsigned> http_status;
  std::optional<int> code;
  std::optional<std::uint64_t> count;
  std::optional<std::uint64_t> line;
  std::optional<Duration> wait;  ///< Logged as `wait_ms`.
  std::optional<int> depth;      ///< Of a certificate in its chain; 0 is the server's own.
};

std::string_view name_of(Event event);
std::string_view name_of(Level level);

}  // namespace attestrd
