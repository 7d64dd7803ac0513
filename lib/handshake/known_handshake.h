#pragma once

#include <cstdint>
#include <string>
#include <variant>

#include "base/time.h"
#include "handshake/handshake.h"

namespace attestrd {

/// A handshake that has ended and whose record is not in its folder yet.
struct EndingHandshake {
  Outcome outcome{};
  Wall finished_at{};
  std::string tag{};          ///< Of its submission; empty: none given.
  std::uint32_t attempt = 0;  ///< See QueuedHandshake.
};

/// A handshake that has ended and whose record is in its folder, or was removed from there.
struct EndedHandshake {
  Outcome outcome{};
  Wall finished_at{};
  /// The running time of daemons when its record was published. Duration::max() if another node
  /// published it: the running times of two nodes can't be compared.
  Duration running{0};
  /// The path of the record in the spool, if a file had its name when it was published.
  std::string diverted_to{};
  std::string tag{};          ///< Of its submission; empty: none given, or not stored.
  std::uint32_t attempt = 0;  ///< See QueuedHandshake.
};

/// An id for which the queue has neither a row nor a tombstone.
struct UnknownHandshake {};

/// The state of an id in the queue: unknown, pending, ending or ended.
using KnownHandshake =
    std::variant<UnknownHandshake, QueuedHandshake, EndingHandshake, EndedHandshake>;

}  // namespace attestrd
