#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "handshake/finish.h"

namespace attestrd {

/// What a spool file says of a handshake that has ended (see FORMAT.md): one JSON object and a line
/// feed. `tag` is the one given at submission. A completed handshake's record has the answer's
/// instead, and so has one where none was given.
std::string write_record(const Finish& finish, std::string_view tag, Wall submitted_at);

/// A spool file as read. The views point into the text that it was read from.
struct SpoolRecord {
  HandshakeId id;
  Outcome outcome{};
  std::string tag;
  std::string reason;               ///< Empty: none.
  std::optional<SigningForm> form;  ///< Of a valid signature.
  std::string_view response;        ///< The answer, byte for byte; empty: none was kept.
};

/// Reads a spool file. `invalid_input` says what is wrong with it.
Result<SpoolRecord> parse_record(std::string_view text);

}  // namespace attestrd
