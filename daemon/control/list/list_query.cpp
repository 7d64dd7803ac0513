#include "daemon/control/list/list_query.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <system_error>

#include "daemon/config/units.h"
#include "daemon/control/list/query_string.h"

namespace attestrd {
namespace {

template <class Number>
std::optional<Number> parse_number(std::string_view text) {
  Number number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool is_number = error == std::errc() && end == text.data() + text.size();
  return is_number ? std::optional(number) : std::nullopt;
}

/// Reads a time in milliseconds since the Unix epoch.
std::optional<Wall> parse_time(std::string_view text) {
  const auto milliseconds = parse_number<std::int64_t>(text);
  constexpr std::int64_t kMost = 253'402'300'799'999;  // The end of the year 9999.
  if (!milliseconds || *milliseconds < 0 || *milliseconds > kMost) return std::nullopt;
  return Wall(std::chrono::milliseconds(*milliseconds));
}

std::int64_t milliseconds_of(Wall time) {
  return std::chrono::ceil<std::chrono::milliseconds>(time.time_since_epoch()).count();
}

/// Sets the member of the command that the parameter names. Returns whether there is one, and the
/// value is one of its values.
bool set(ListCommand& command, std::string_view name, const std::string& value) {
  ListFilter& filter = command.filter;
  if (name == "tag") {
    filter.tag = value;
    return true;
  }
  if (name == "state") return (filter.state = listed_state(value)).has_value();
  if (name == "older_than") return (filter.older_than = parse_duration(value)).has_value();
  if (name == "submitted_before") return (filter.submitted_before = parse_time(value)).has_value();
  if (name == "due_before") return (filter.due_before = parse_time(value)).has_value();
  const auto from = parse_number<std::uint32_t>(value);
  command.from = from.value_or(0);
  return name == "from" && from;
}

}  // namespace

std::string_view name_of(ListedState state) {
  return kListedStates.at(static_cast<std::size_t>(state));
}

std::optional<ListedState> listed_state(std::string_view name) {
  const auto found = std::ranges::find(kListedStates, name);
  if (found == kListedStates.end()) return std::nullopt;
  return static_cast<ListedState>(found - kListedStates.begin());
}

Result<ListCommand> parse_list_target(std::string_view target) {
  const auto parameters = parse_query(target);
  if (!parameters) return parameters.error();
  ListCommand command;
  for (const auto& [name, value] : *parameters)
    if (!set(command, name, value))
      return fail(
          Errc::invalid_input,
          "the query may have state (waiting, due, polling, held or ending), tag, older_than "
          "(such as 90m), submitted_before and due_before (Unix times in milliseconds) and from");
  return command;
}

std::string list_target(const ListCommand& command) {
  std::string target = fmt::format("/list?from={}", command.from);
  const auto& [state, tag, older_than, submitted_before, due_before] = command.filter;
  if (state) target += fmt::format("&state={}", name_of(*state));
  if (tag) target += "&tag=" + query_encoded(*tag);
  if (older_than) target += "&older_than=" + format_duration(*older_than);
  if (submitted_before)
    target += fmt::format("&submitted_before={}", milliseconds_of(*submitted_before));
  if (due_before) target += fmt::format("&due_before={}", milliseconds_of(*due_before));
  return target;
}

Result<EndedQuery> parse_ended_target(std::string_view target) {
  const auto parameters = parse_query(target);
  if (!parameters) return parameters.error();
  EndedQuery query;
  bool are_known = true;
  for (const auto& [name, value] : *parameters) {
    are_known &= name == "tag" || name == "after";
    (name == "tag" ? query.tag : query.after) = value;
  }
  if (are_known && !query.tag.empty()) return query;
  return fail(Errc::invalid_input, "the query must have a tag, and may have after, an id");
}

std::string ended_target(const EndedQuery& query) {
  auto target = "/ended?tag=" + query_encoded(query.tag);
  if (!query.after.empty()) target += "&after=" + query_encoded(query.after);
  return target;
}

}  // namespace attestrd
