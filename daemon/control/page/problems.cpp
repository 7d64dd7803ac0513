#include "daemon/control/page/problems.h"

#include <fmt/format.h>

#include <chrono>
#include <cstdint>
#include <string_view>

#include "base/limits.h"
#include "daemon/control/hold.h"
#include "daemon/control/plain_words.h"

namespace attestrd {
namespace {

/// Returns what to do about a pause of the account: its reason is a name of PauseReason.
std::string_view remedy_of_pause(std::string_view reason) {
  if (reason == "unauthorized")
    return "Check the auth token (api.auth_token_file), then run attestrd reload, or restart the "
           "service where systemd passes the token.";
  if (reason == "forbidden")
    return "Attestr refuses this service or this address: ask Attestr, or check api.source_address "
           "and api.proxy.";
  if (reason == "low_credits") return "Buy credits from Attestr. Polling then continues by itself.";
  if (reason == "wrong_version") return "Correct api.version, then run attestrd reload.";
  if (reason == "daily_limit")
    return "Attestr counts more requests a day than it allows: set api.daily_requests to the limit "
           "of the contract.";
  if (reason == "certificate")
    return "The certificate of the server is not trusted: check api.url, api.ca_file and the "
           "network. The log says which certificate is wrong.";
  if (reason == "proxy") return "Check api.proxy and api.proxy_auth_file. The log has its answer.";
  if (reason == "rate_limited")
    return "Attestr refuses even few requests: ask Attestr whether the account is used elsewhere.";
  return "Attestr, or the network to it, fails: attestrd check-config and the log help to find "
         "where. Polling continues by itself.";
}

std::uint64_t ended(const Metrics& counters, std::string_view outcome) {
  return static_cast<std::uint64_t>(counters.total(Metric::handshakes_ended, outcome));
}

/// The conditions that stop polling, each with its remedy.
void add_holds(std::vector<Problem>& problems, const StatusReport::Daemon& daemon, Wall now) {
  if (const auto& since = daemon.operator_pause)
    problems.push_back(
        {fmt::format("An operator has paused all polls for {}.", rough(now - *since)),
         "Run attestrd resume to end the pause."});
  if (daemon.disk_full)
    problems.push_back({"The disk is full: nothing is fetched or accepted.",
                        "Free space on the disks of the queue and of the spool. Polling then "
                        "continues by itself."});
  if (daemon.disk_round >= limits::kDiskStall)
    problems.push_back({fmt::format("The disk hangs: a write or sync has not returned for {}.",
                                    rough(daemon.disk_round)),
                        "Check the disk and the kernel's log."});
  if (daemon.queue_unavailable)
    problems.push_back({"The queue does not answer: nothing is polled.",
                        "Check the disk of paths.queue. Polling continues by itself."});
  if (daemon.backlog_full)
    problems.push_back({"The disk is slow: results wait in memory to be written.",
                        "Nothing is fetched until they are written. Check the load of the disk."});
  if (const auto& pause = daemon.pause)
    problems.push_back(
        {fmt::format(
             "The account is paused ({}) for {}; {}.", pause->reason, rough(now - pause->since),
             pause->next_canary ? "one handshake asks again " + ahead(*pause->next_canary, now)
                                : "the node " + pause->node + " asks"),
         std::string(remedy_of_pause(pause->reason))});
  const auto& requests = daemon.requests_today;
  if (requests && requests->is_spent)
    problems.push_back({fmt::format("The {} requests of today are spent; the next day begins {}.",
                                    requests->limit, ahead(requests->next_day, now)),
                        "Raise api.daily_requests if the contract with Attestr allows more."});
}

}  // namespace

std::vector<Problem> problems_of(const StatusReport& report) {
  std::vector<Problem> problems;
  if (!report.daemon) return problems;
  const auto& daemon = *report.daemon;
  add_holds(problems, daemon, report.now);
  if (daemon.signatures_fail)
    problems.push_back({"No signature of the last results holds: none is delivered.",
                        "Check the client secret (api.client_secret_file). The answers are kept; "
                        "attestrd verify --diagnose helps with those in rejected/."});
  if (daemon.spool_full)
    problems.push_back(
        {"As many results wait in results/ as spool.max_waiting allows: no ids are "
         "taken in.",
         "Check the program that takes the results."});
  if (daemon.config_refused)
    problems.push_back({fmt::format("The configuration file is refused: that of {} holds.",
                                    ago(daemon.config_accepted_at, report.now)),
                        "Run attestrd check-config, correct the file, then run attestrd reload."});
  if (daemon.clock_difference &&
      std::chrono::abs(*daemon.clock_difference) > limits::kClockDifference)
    problems.push_back({fmt::format("This clock differs from Attestr's by {}.",
                                    rough(std::chrono::abs(*daemon.clock_difference))),
                        "Synchronise the clock of this machine."});
  if (const auto lost = ended(daemon.counters, "archived"); lost > 0)
    problems.push_back(
        {fmt::format("{} handshakes were archived before their result was fetched, "
                     "since the daemon started.",
                     lost),
         "Their results are lost. Lower poll.max_interval, or allow more requests."});
  if (const auto rejected = ended(daemon.counters, "rejected"); rejected > 0)
    problems.push_back({fmt::format("{} answers were rejected since the daemon started.", rejected),
                        "See rejected/ in the spool, attestrd verify and attestrd readmit."});
  return problems;
}

}  // namespace attestrd
