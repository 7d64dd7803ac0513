#include "daemon/cli/pending_ids.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <iterator>
#include <utility>

#include "daemon/cli/control_client.h"
#include "daemon/cli/stored_list.h"
#include "daemon/control/list/list_query.h"
#include "daemon/control/list/others_query.h"
#include "json/json_object.h"

namespace attestrd {

namespace {

using OnPart = std::function<Result<bool>(std::string_view)>;
using Narrow = std::function<void(ListFilter&)>;
using ReadParts = std::function<Result<void>(const OnPart&)>;

/// Returns the target of the next part, with a narrower filter.
std::string narrowed(const std::string& target, const Narrow& narrow) {
  auto command = parse_list_target(target);
  if (!command) return target;
  narrow(command->filter);
  return list_target(*command);
}

/// Reads the list that begins at a target, part by part. Error: `not_found` if no daemon runs.
Result<void> read_parts(const Config& config, std::string target, ListReach reach,
                        const OnPart& on_part, const Narrow& narrow = {}) {
  const auto& socket = config.admin.socket;
  if (socket.empty())
    return fail(Errc::not_found, "admin.socket is empty: the daemon can't be asked");
  while (!target.empty()) {
    auto answer = ask_daemon_page(socket, target);
    if (!answer) return answer.error();
    const auto goes_on = on_part(answer->body);
    if (!goes_on) return goes_on.error();
    target = *goes_on ? std::move(answer->next) : "";
    if (reach == ListReach::here && is_of_others(target)) target.clear();
    if (narrow && !target.empty()) target = narrowed(target, narrow);
  }
  return {};
}

/// Turns `not_found` into `unavailable`, for a command that needs a running daemon.
Result<void> needing_daemon(Result<void> done) {
  if (!done && done.error().code == Errc::not_found)
    return fail(Errc::unavailable, done.error().message);
  return done;
}

/// Returns the tag in `--tag`.
Result<std::string> tag_of(const Given& given) {
  auto tag = given.value_of(kTagFlag.name).value_or("");
  if (!tag.empty()) return tag;
  return fail(Errc::invalid_input, "the tag is empty, which all handshakes without a tag have");
}

/// Returns the ids of a list, which must be one unless `--all` is given. `none` is the message if
/// there is none.
Result<std::vector<std::string>> collect_ids(const Given& given, const ReadParts& read,
                                             std::string_view none) {
  std::vector<std::string> ids;
  const auto done = read([&ids](std::string_view part) -> Result<bool> {
    auto more = ids_in_list(part);
    if (!more) return more.error();
    std::ranges::move(*more, std::back_inserter(ids));
    return true;
  });
  if (!done) return done.error();
  if (ids.empty()) return fail(Errc::unavailable, std::string(none));
  if (ids.size() == 1 || given.has(kAllFlag.name)) return ids;
  fmt::print(stderr, "{}\n", fmt::join(ids, "\n"));
  return fail(Errc::invalid_input,
              fmt::format("{} handshakes have this tag: give an id, or --all", ids.size()));
}

constexpr std::string_view kNonePending =
    "no handshake that was submitted with this tag is pending";
constexpr std::string_view kNoneEnded =
    "no handshake that was submitted with this tag has ended, or it is forgotten";

}  // namespace

Result<void> read_list(const Config& config, const ListFilter& filter, ListReach reach,
                       const OnPart& on_part) {
  return needing_daemon(read_parts(config, list_target({filter, 0}), reach, on_part));
}

Result<void> read_list_or_queue(const Config& config, const ListFilter& filter,
                                std::string_view need, const OnPart& on_part,
                                const Narrow& narrow) {
  bool has_begun = false;
  const auto on_daemons_part = [&](std::string_view part) {
    has_begun = true;
    return on_part(part);
  };
  auto done = read_parts(config, list_target({filter, 0}), ListReach::all, on_daemons_part, narrow);
  const bool has_daemon = done || done.error().code != Errc::not_found || has_begun;
  if (has_daemon) return needing_daemon(std::move(done));
  if (!need.empty())
    return fail(Errc::unavailable,
                fmt::format("{}, and only a daemon knows {}", done.error().message, need));
  return read_stored_list(config, filter, [&](std::string_view part) {
    if (!std::exchange(has_begun, true)) say_no_daemon_runs(config);
    return on_part(part);
  });
}

void say_no_daemon_runs(const Config& config) {
  if (config.queue.store == QueueStore::postgres)
    fmt::print(stderr,
               "no daemon runs here: this is the database, which does not say what is due\n");
  else
    fmt::print(stderr, "no daemon runs: this is the queue file, which does not say what is due\n");
}

Result<std::vector<std::string>> ids_in_list(std::string_view part) {
  std::vector<std::string> ids;
  while (!part.empty()) {
    const auto line = part.substr(0, part.find('\n'));
    part.remove_prefix(std::min(line.size() + 1, part.size()));
    std::array<JsonMember, 1> id{{{"id"}}};
    if (scan_object(line, id) != JsonFault::none || id[0].kind != JsonKind::string)
      return fail(Errc::unavailable, "the daemon's answer is no list; is it attestrd's?");
    ids.emplace_back(id[0].text);
  }
  return ids;
}

Result<std::vector<std::string>> ids_with_tag(const Config& config, const Given& given) {
  const auto tag = tag_of(given);
  if (!tag) return tag.error();
  const auto read = [&](const OnPart& on_part) {
    return read_list(config, {.tag = *tag}, ListReach::all, on_part);
  };
  return collect_ids(given, read, kNonePending);
}

Result<std::vector<std::string>> ids_with_tag_or_queue(const Config& config, const Given& given) {
  const auto tag = tag_of(given);
  if (!tag) return tag.error();
  const auto read = [&](const OnPart& on_part) {
    return read_list_or_queue(config, {.tag = *tag}, "", on_part);
  };
  return collect_ids(given, read, kNonePending);
}

Result<std::vector<std::string>> ended_ids_with_tag(const Config& config, const Given& given) {
  const auto tag = tag_of(given);
  if (!tag) return tag.error();
  const auto read = [&](const OnPart& on_part) {
    const auto target = ended_target({.tag = *tag, .after = {}});
    return needing_daemon(read_parts(config, target, ListReach::all, on_part));
  };
  return collect_ids(given, read, kNoneEnded);
}

}  // namespace attestrd
