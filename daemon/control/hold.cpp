#include "daemon/control/hold.h"

#include <fmt/format.h>

#include "base/rfc3339.h"
#include "daemon/control/plain_words.h"

namespace attestrd {

std::optional<Hold> hold_of(const StatusReport::Daemon& daemon, Wall now) {
  if (const auto& since = daemon.operator_pause)
    return Hold{"paused_by_operator",
                fmt::format("an operator has paused all polls for {}; `attestrd resume` ends that",
                            rough(now - *since)),
                {}};
  if (daemon.disk_full)
    return Hold{"disk_full", "the disk is full: nothing is fetched until there is room", {}};
  if (daemon.queue_unavailable)
    return Hold{
        "queue_unavailable", "the queue does not answer: nothing is polled until it does", {}};
  if (daemon.backlog_full)
    return Hold{
        "backlog_full", "the disk is slow: nothing is fetched until results are written", {}};
  if (const auto& pause = daemon.pause; pause && !pause->next_canary)
    return Hold{"account_paused",
                fmt::format("the account is paused by {} ({}) for {}: that node asks whether it is "
                            "over",
                            pause->node, pause->reason, rough(now - pause->since)),
                {}};
  if (const auto& pause = daemon.pause) {
    return Hold{
        "account_paused",
        fmt::format("the account is paused ({}) for {}: one at a time asks whether it is "
                    "over, the next {}",
                    pause->reason, rough(now - pause->since), ahead(*pause->next_canary, now)),
        {}};
  }
  if (const auto& until = daemon.rate.held_until) {
    return Hold{"retry_after",
                fmt::format("Attestr demands by Retry-After that nothing is polled until {}",
                            to_rfc3339(*until)),
                until};
  }
  const auto& requests = daemon.requests_today;
  if (!requests || !requests->is_spent) return std::nullopt;
  return Hold{"day_spent",
              fmt::format("of today's {} requests {} are spent, and the rest is for last polls; "
                          "the next day begins {}",
                          requests->limit, requests->spent, ahead(requests->next_day, now)),
              requests->next_day};
}

}  // namespace attestrd
