#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "daemon/cli/command_table.h"
#include "daemon/config/config.h"
#include "engine/command.h"

namespace attestrd {

/// The handshakes that a list of the daemon is about.
enum class ListReach : std::uint8_t {
  all,   ///< In a fleet also those of the other nodes, which come last.
  here,  ///< Those of the daemon itself.
};

/// Asks the daemon for the list of pending handshakes and passes its parts on, each of which has
/// complete lines, until `on_part` returns false. Errors: `unavailable` also if there is no control
/// socket or no daemon, else those of ask_daemon, and those of `on_part`.
Result<void> read_list(const Config& config, const ListFilter& filter, ListReach reach,
                       const std::function<Result<bool>(std::string_view)>& on_part);

/// Does the same, but reads the queue itself while no daemon runs here, after a line on stderr.
/// `need` names the option that only a daemon can serve, such as "--state due"; then a missing
/// daemon is an error. Empty: none. `narrow` may narrow the filter of the daemon's further parts.
Result<void> read_list_or_queue(const Config& config, const ListFilter& filter,
                                std::string_view need,
                                const std::function<Result<bool>(std::string_view)>& on_part,
                                const std::function<void(ListFilter&)>& narrow = {});

/// Prints on stderr that the answer comes from the queue file or the database.
void say_no_daemon_runs(const Config& config);

/// Returns the ids in a part of the list. Error (`unavailable`): it is not one.
Result<std::vector<std::string>> ids_in_list(std::string_view part);

/// Returns the pending handshakes that were submitted with the tag in `--tag`. Errors:
/// `unavailable` if there is none, `invalid_input` if there are several but no `--all`, after their
/// ids were printed; also those of read_list().
Result<std::vector<std::string>> ids_with_tag(const Config& config, const Given& given);

/// Does the same from the queue itself while no daemon runs: see read_list_or_queue().
Result<std::vector<std::string>> ids_with_tag_or_queue(const Config& config, const Given& given);

/// Does the same as ids_with_tag() for handshakes that have ended and were published.
Result<std::vector<std::string>> ended_ids_with_tag(const Config& config, const Given& given);

}  // namespace attestrd
