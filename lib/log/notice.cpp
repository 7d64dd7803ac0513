#include "log/notice.h"

#include "base/check.h"

namespace attestrd {

std::string_view name_of(Event event) {
  switch (event) {
    case Event::daemon_started: return "daemon.started";
    case Event::daemon_stopping: return "daemon.stopping";
    case Event::daemon_stopped: return "daemon.stopped";
    case Event::daemon_failed: return "daemon.failed";
    case Event::queue_recovered: return "queue.recovered";
    case Event::inbox_accepted: return "inbox.accepted";
    case Event::inbox_refused: return "inbox.refused";
    case Event::inbox_merged: return "inbox.merged";
    case Event::inbox_already_ended: return "inbox.already_ended";
    case Event::handshake_completed: return "handshake.completed";
    case Event::handshake_archived: return "handshake.archived";
    case Event::handshake_failed: return "handshake.failed";
    case Event::handshake_rejected: return "handshake.rejected";
    case Event::poll_answered: return "poll.answered";
    case Event::poll_error: return "poll.error";
    case Event::account_paused: return "account.paused";
    case Event::account_resumed: return "account.resumed";
    case Event::budget_spent: return "budget.spent";
    case Event::budget_renewed: return "budget.renewed";
    case Event::disk_full: return "disk.full";
    case Event::disk_room: return "disk.room";
    case Event::spool_conflict: return "spool.conflict";
    case Event::spool_quarantined: return "spool.quarantined";
    case Event::config_reloaded: return "config.reloaded";
    case Event::config_rejected: return "config.rejected";
    case Event::cadence_chosen: return "cadence.chosen";
    case Event::log_dropped: return "log.dropped";
  }
  check_failed("an event has a name", __FILE__, __LINE__);
}

std::string_view name_of(Level level) {
  switch (level) {
    case Level::debug: return "debug";
    case Level::info: return "info";
    case Level::warn: return "warn";
    case Level::error: return "error";
  }
  check_failed("a level has a name", __FILE__, __LINE__);
}

}  // namespace attestrd
