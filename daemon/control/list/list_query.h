#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "engine/command.h"
#include "queue/queue.h"

namespace attestrd {

/// The names of the states of a handshake in a list, in the order of ListedState.
inline constexpr std::array<std::string_view, 5> kListedStates = {"waiting", "due", "polling",
                                                                  "held", "ending"};

std::string_view name_of(ListedState state);

/// Returns the state of this name, or nothing.
std::optional<ListedState> listed_state(std::string_view name);

/// Returns the command for the target of a list, such as `/list?state=due&older_than=1h&tag=a`.
/// `from` names the page. Error (`invalid_input`): another parameter, or a value that is none.
Result<ListCommand> parse_list_target(std::string_view target);

/// Returns a target from which parse_list_target() makes this command.
std::string list_target(const ListCommand& command);

/// Returns the query for the target of a list of handshakes that have ended, such as
/// `/ended?tag=a&after=DS1`, without the size of its pages. Error (`invalid_input`): it has no tag,
/// or another parameter.
Result<EndedQuery> parse_ended_target(std::string_view target);

/// Returns a target from which parse_ended_target() makes this query.
std::string ended_target(const EndedQuery& query);

}  // namespace attestrd
