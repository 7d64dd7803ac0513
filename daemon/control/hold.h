#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "daemon/control/status.h"

namespace attestrd {

/// A condition that stops the polls of all handshakes.
struct Hold {
  std::string_view name;      ///< A word of a closed list, the value of `held_by`.
  std::string words;          ///< A sentence for people, without its capital and its full stop.
  std::optional<Wall> until;  ///< Its end, where that is known.
};

/// Returns the condition that stops all polls now, or nothing. If there are several, it is the one
/// that must end first for the others to matter.
std::optional<Hold> hold_of(const StatusReport::Daemon& daemon, Wall now);

}  // namespace attestrd
