#include "daemon/control/explain.h"

#include <fmt/format.h>

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <string_view>
#include <utility>

#include "base/check.h"
#include "base/rfc3339.h"
#include "daemon/control/hold.h"
#include "daemon/control/plain_words.h"
#include "spool/spool.h"

namespace attestrd {
namespace {

namespace json = boost::json;
using Wait = Explanation::Wait;

std::int64_t seconds_of(Duration duration) {
  return std::chrono::floor<std::chrono::seconds>(duration).count();
}

/// Returns the expected number of polls, rounded and at least one, which is the next poll.
std::int64_t polls_to_come(const Explanation& why) {
  return std::max(std::llround(why.expected_polls), 1LL);
}

/// Returns a word of a closed list, the value of `waits_for`.
std::string_view name_of(Wait wait) {
  switch (wait) {
    case Wait::result: return "result";
    case Wait::interval: return "interval";
    case Wait::retry: return "retry";
    case Wait::deadline: return "deadline";
    case Wait::next_day: return "next_day";
    case Wait::turn: return "turn";
    case Wait::answer: return "answer";
    case Wait::record: return "record";
    case Wait::release: return "release";
  }
  check_failed("a wait has a name", __FILE__, __LINE__);
}

/// Returns the end of a sentence that begins with the id.
std::string_view words_of(Wait wait) {
  switch (wait) {
    case Wait::result: return "waits until a result is likely enough to be worth a poll";
    case Wait::interval: return "waits for its interval to pass, which grows from poll to poll";
    case Wait::retry: return "waits after a poll that went wrong";
    case Wait::deadline: return "waits for its deadline, on which its last poll falls";
    case Wait::next_day: return "waits for the next day: the requests of today are spent";
    case Wait::turn:
      return "is due, and waits for its turn among others, within rate and connections";
    case Wait::answer: return "is being asked for at this moment";
    case Wait::record: return "has ended, and its record is being written";
    case Wait::release:
      return "is held: it waits for `attestrd release`, while its deadline runs on";
  }
  check_failed("a wait has words", __FILE__, __LINE__);
}

/// Returns a word of a closed list, the value of `trouble`; empty: it has none that may end it.
std::string_view name_of(PendingRecord::Suspicion suspicion) {
  using Suspicion = PendingRecord::Suspicion;
  switch (suspicion) {
    case Suspicion::none: return "";
    case Suspicion::unknown: return "unknown";
    case Suspicion::archived: return "archived";
    case Suspicion::wrong_id: return "wrong_id";
    case Suspicion::duplicate_key: return "duplicate_key";
    case Suspicion::invalid_signature: return "invalid_signature";
    case Suspicion::tag_mismatch: return "tag_mismatch";
    case Suspicion::unreachable: return "unreachable";
  }
  check_failed("a suspicion has a name", __FILE__, __LINE__);
}

/// Returns the record's path relative to paths.spool.
std::string file_of(const HandshakeId& id, Outcome outcome) {
  return fmt::format("{}/{}", folder_of(outcome), record_name(id));
}

bool is_over(Wait wait) { return wait == Wait::record; }

json::value json_time(const std::optional<Wall>& time) {
  return time ? json::value(to_rfc3339(*time)) : json::value(nullptr);
}

std::optional<Wall> after(Wall now, const std::optional<Duration>& delay) {
  return delay ? std::optional(now + *delay) : std::nullopt;
}

/// Returns whether the hold, rather than a wait of its own, delays the next poll of a handshake.
bool is_what_delays(const Hold& hold, const Explanation& why, Wall now) {
  constexpr Duration kSlack = std::chrono::seconds(1);  // The two were asked one after the other.
  if (why.wait == Wait::answer || why.wait == Wait::release) return false;
  if (hold.name == "day_spent") return why.wait == Wait::next_day;
  return !hold.until || !why.due || now + *why.due <= *hold.until + kSlack;
}

/// Returns the members that follow `id` and `time`.
json::object json_of(const ExplainReport&, const ExplainReport::Unknown&) {
  return {{"state", "unknown"}};
}

json::object json_of(const ExplainReport& report, const ExplainReport::Waiting& waiting) {
  const auto& [why, daemon] = waiting;
  const Wall now = report.now;
  const auto hold = hold_of(daemon, now);
  json::object object{
      {"state", is_over(why.wait) ? "ending" : "pending"},
      {"waits_for", name_of(why.wait)},
      {"next_poll", json_time(after(now, why.due))},
      {"next_poll_in_s", why.due ? json::value(seconds_of(*why.due)) : json::value(nullptr)},
      {"held_by", hold ? json::value(hold->name) : json::value(nullptr)},
      {"submitted_at", to_rfc3339(now - why.age)},
      {"deadline", to_rfc3339(now + why.until_deadline)},
      {"polls", why.polls},
      {"expected_polls", polls_to_come(why)},
      {"chance_done", why.chance_done},
      {"learnt_from", why.completions}};
  if (why.errors > 0) object["errors"] = why.errors;
  if (const auto trouble = name_of(why.suspicion); !trouble.empty()) object["trouble"] = trouble;
  object["last_pending_at"] =
      why.since_pending ? json_time(now - *why.since_pending) : json::value(nullptr);
  if (daemon.pause) object["next_canary"] = json_time(daemon.pause->next_canary);
  if (daemon.requests_today) object["next_day"] = to_rfc3339(daemon.requests_today->next_day);
  return object;
}

json::object json_of(const ExplainReport& report, const ExplainReport::Ended& ended) {
  const auto file = file_of(report.id, ended.outcome);
  json::object object{{"state", ended.is_published ? "ended" : "ending"},
                      {"outcome", name_of(ended.outcome)},
                      {"finished_at", to_rfc3339(ended.finished_at)},
                      {"file", ended.diverted_to.empty() ? file : ended.diverted_to}};
  if (!ended.diverted_to.empty()) object["diverted_from"] = file;
  return object;
}

/// Returns what a handshake waits for that this daemon has not adopted.
std::string_view awaited(const ExplainReport& report, const ExplainReport::Queued& queued) {
  if (report.is_elsewhere) return report.node.is_alive ? "node" : "takeover";
  return queued.has_daemon ? "intake" : "daemon";
}

json::object json_of(const ExplainReport& report, const ExplainReport::Queued& queued) {
  const QueuedHandshake& row = queued.row;
  return {{"state", "pending"},
          {"waits_for", awaited(report, queued)},
          {"is_held", row.is_held},
          {"submitted_at", to_rfc3339(row.submitted_at)},
          {"expiry", json_time(row.expiry)},
          {"last_pending_at", json_time(row.last_pending_at)},
          {"polls", row.polls}};
}

json::object object_of(const ExplainReport& report) {
  json::object object{{"id", report.id.view()}, {"time", to_rfc3339(report.now)}};
  auto rest =
      std::visit([&report](const auto& found) { return json_of(report, found); }, report.found);
  for (auto& [key, value] : rest) object[key] = std::move(value);
  const auto& [node, spool, is_alive] = report.node;
  if (!node.empty() || !spool.empty())
    object["node"] = node.empty() ? json::value(nullptr) : json::value(node);
  if (!spool.empty() && std::holds_alternative<ExplainReport::Ended>(report.found))
    object["spool"] = spool;
  return object;
}

/// Adds the reasons for the wait. The one that delays the next poll comes first.
void add_reasons(TextRows& rows, const HandshakeId& id, const Explanation& why,
                 const std::optional<Hold>& hold, Wall now) {
  const auto own = words_of(why.wait);
  if (!hold || !is_what_delays(*hold, why, now)) {
    rows.line(fmt::format("{} {}.", id.view(), own));
    if (hold) rows.line(fmt::format("Besides, {}.", hold->words));
    return;
  }
  rows.line(fmt::format("{} is not polled: {}.", id.view(), hold->words));
  if (why.wait != Wait::next_day) rows.line(fmt::format("Besides, it {}.", own));
}

void add_forecast(TextRows& rows, const Explanation& why, Wall now) {
  if (const auto next = after(now, why.due)) {
    const auto whole = seconds_of(*why.due);
    const auto exactly = whole < 60 ? "" : fmt::format(" ({} s)", whole);
    rows.add("next poll",
             fmt::format("{}{}, at {}", ahead(*next, now), exactly, to_rfc3339(*next)));
  }
  rows.add("polls", fmt::format("{} so far, about {} more to come", why.polls, polls_to_come(why)));
  if (why.errors > 0) {
    const auto trouble = name_of(why.suspicion);
    rows.add("trouble of its own", fmt::format("{} polls in a row{}{}", why.errors,
                                               trouble.empty() ? "" : ": ", trouble));
  }
  rows.add("chance it is done", fmt::format("{:.1f} % by now, as learnt from {} completions",
                                            100 * why.chance_done, why.completions));
  const Wall deadline = now + why.until_deadline;
  rows.add("deadline", fmt::format("{}, at {}", ahead(deadline, now), to_rfc3339(deadline)));
}

void add(TextRows& rows, const ExplainReport& report, const ExplainReport::Unknown&) {
  rows.line(
      fmt::format("{} is not known: it was not submitted, or its file still lies in the "
                  "inbox, or it ended longer ago than paths.tombstone_days.",
                  report.id.view()));
}

void add(TextRows& rows, const ExplainReport& report, const ExplainReport::Waiting& waiting) {
  const auto& [why, daemon] = waiting;
  const Wall now = report.now;
  if (is_over(why.wait)) {
    rows.line(fmt::format("{} {}.", report.id.view(), words_of(why.wait)));
    rows.add("polls", why.polls);
  } else {
    add_reasons(rows, report.id, why, hold_of(daemon, now), now);
    add_forecast(rows, why, now);
  }
  std::optional<Wall> last_pending;
  if (why.since_pending) last_pending = now - *why.since_pending;
  rows.add("last \"not yet\"", ago(last_pending, now));
  rows.add("submitted", ago(now - why.age, now));
}

void add(TextRows& rows, const ExplainReport& report, const ExplainReport::Ended& ended) {
  rows.line(fmt::format("{} has ended: {}.", report.id.view(), name_of(ended.outcome)));
  rows.add("when", fmt::format("{}, at {}", ago(ended.finished_at, report.now),
                               to_rfc3339(ended.finished_at)));
  const auto file = file_of(report.id, ended.outcome);
  if (ended.diverted_to.empty()) {
    rows.add(ended.is_published ? "its record went to" : "its record goes to", file);
  } else {
    rows.add("its record went to", ended.diverted_to);
    rows.line(fmt::format("{} is another file, which was there before.", file));
  }
}

/// Returns the end of a sentence that begins with the id.
std::string words_of(const ExplainReport& report, const ExplainReport::Queued& queued) {
  const auto& node = report.node;
  if (report.is_elsewhere && node.is_alive)
    return fmt::format("is pending, and the node {} polls it", node.name);
  if (report.is_elsewhere)
    return fmt::format("is pending, and waits until a living node takes it over: {} is dead",
                       node.name.empty() ? "its node" : node.name);
  return queued.has_daemon ? "is just being taken up" : "is pending, and waits until a daemon runs";
}

/// Adds the node that has the handshake, if there is a fleet.
void add_node(TextRows& rows, const ExplainReport& report) {
  const auto& [node, spool, is_alive] = report.node;
  if (node.empty() && !spool.empty())
    rows.add("node", fmt::format("none has the spool {}", spool));
  else if (!node.empty())
    rows.add("node", fmt::format("{}{}", node, is_alive ? "" : ", which is dead"));
}

void add(TextRows& rows, const ExplainReport& report, const ExplainReport::Queued& queued) {
  const QueuedHandshake& row = queued.row;
  rows.line(fmt::format("{} {}.", report.id.view(), words_of(report, queued)));
  if (row.is_held) rows.line("Besides, it is held: it waits for `attestrd release`.");
  rows.add("polls", row.polls);
  rows.add("submitted", ago(row.submitted_at, report.now));
  rows.add("last \"not yet\"", ago(row.last_pending_at, report.now));
  if (row.expiry) rows.add("expiry", to_rfc3339(*row.expiry));
}

}  // namespace

ExplainReport::Case case_of(const KnownHandshake& row, bool has_daemon) {
  struct Visitor {
    bool has_daemon;

    ExplainReport::Case operator()(const UnknownHandshake&) const {
      return ExplainReport::Unknown{};
    }
    ExplainReport::Case operator()(const QueuedHandshake& queued) const {
      return ExplainReport::Queued{queued, has_daemon};
    }
    ExplainReport::Case operator()(const EndingHandshake& ending) const {
      return ExplainReport::Ended{ending.outcome, ending.finished_at, false};
    }
    ExplainReport::Case operator()(const EndedHandshake& ended) const {
      return ExplainReport::Ended{ended.outcome, ended.finished_at, true, ended.diverted_to};
    }
  };
  return std::visit(Visitor{has_daemon}, row);
}

std::string explain_json(const ExplainReport& report) {
  return json::serialize(object_of(report)) + '\n';
}

std::string list_json(const ExplainReport& report, std::string_view state) {
  json::object object = object_of(report);
  object["state"] = state;
  object.erase("expected_polls");
  return json::serialize(object) + '\n';
}

std::string explain_text(const ExplainReport& report) {
  TextRows rows;
  std::visit([&rows, &report](const auto& found) { add(rows, report, found); }, report.found);
  add_node(rows, report);
  return rows.take();
}

}  // namespace attestrd
