#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "handshake/handshake.h"

namespace attestrd {

/// A line that is blank or a comment.
struct BlankLine {};

/// A line that is refused, with the reason for its author.
struct BadLine {
  std::string reason;
};

/// Reads one line of a submission, without its line feed: an id, or a JSON object with `id` and
/// optionally `tag` and `expiry` (unix time in milliseconds). White space around it, a carriage
/// return at its end and a byte order mark at its start are ignored.
std::variant<Submission, BlankLine, BadLine> read_submission_line(std::string_view line);

/// Returns whether a file of this name in the inbox is a submission. A name that begins with a dot
/// or ends with `.tmp` or `.part` is not: its writer has not finished it.
bool is_submission_name(std::string_view name);

/// The request that an empty file makes by its name: `ID` submits the id, `ID.kick` asks for a poll
/// of this handshake now. The id must begin with `DS`.
struct EmptyFileRequest {
  HandshakeId id;
  bool is_kick = false;
};

/// Returns the request of an empty file of this name, or nothing if the name makes none.
std::optional<EmptyFileRequest> request_of_empty_file(std::string_view name);

}  // namespace attestrd
