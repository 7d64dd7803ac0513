#pragma once

#include <variant>

#include "base/time.h"
#include "handshake/handshake.h"

namespace attestrd {

/// A handshake that has ended and whose record is on its way into its folder.
struct EndingHandshake {
  Outcome outcome{};
  Wall finished_at{};
};

/// A handshake that has ended and whose record is in its folder, or was taken from there.
struct EndedHandshake {
  Outcome outcome{};
  Wall finished_at{};
};

/// The queue has neither a row nor a tombstone of an id.
struct UnknownHandshake {};

/// What the queue knows of an id: it is unknown, pending, ending or ended.
using KnownHandshake =
    std::variant<UnknownHandshake, QueuedHandshake, EndingHandshake, EndedHandshake>;

}  // namespace attestrd
