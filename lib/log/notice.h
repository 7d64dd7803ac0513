#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "base/time.h"
#include "handshake/handshake.h"
#include "log/event.h"

namespace attestrd {

/// A line of the log, as data. Only the members below can be logged: no token, no secret, no
/// result, and no part of a result.
struct Notice {
  Notice() = default;
  /// Creates a notice at the event's own level.
  explicit Notice(Event what, std::string sentence = {})
      : event(what), level(level_of(what)), message(std::move(sentence)) {}

  Event event{};
  Level level = Level::info;
  std::string message;  ///< A sentence for people, without personal data.

  std::optional<HandshakeId> handshake;
  std::optional<Outcome> outcome;
  std::string reason;      ///< A word of a closed list, or the system's error message.
  std::string request_id;  ///< Attestr's tracing id, checked by read_answer().
  std::string file;        ///< The name of a submission or a spool file; escaped when written.
  std::string host;
  std::optional<std::uint32_t> polls;
  std::optional<unsigned> http_status;
  std::optional<int> code;
  std::optional<std::uint64_t> count;
  std::optional<std::uint64_t> line;
  std::optional<Duration> wait;  ///< Logged as `wait_ms`.
  std::optional<int> depth;      ///< The depth of a certificate in its chain; 0: the server's own.
};

}  // namespace attestrd
