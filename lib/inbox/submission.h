#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "handshake/handshake.h"

namespace attestrd {

/// A line that says nothing: blank, or a comment.
struct BlankLine {};

/// What is wrong with a line, for whoever wrote it.
struct BadLine {
  std::string reason;
};

/// Reads one line of a submission, without its line feed: an id, or a JSON object with `id` and
/// optionally `tag` and `expiry` (unix time in milliseconds). White space around it, a carriage
/// return at its end and a byte order mark at its start are let pass.
std::variant<Submission, BlankLine, BadLine> read_submission_line(std::string_view line);

/// Whether a file of this name in the inbox is a submission at all: not one that its writer still
/// keeps under a dot name, `.tmp` or `.part`.
bool is_submission_name(std::string_view name);

/// The id that an empty file of this name submits.
std::optional<HandshakeId> id_of_empty_file(std::string_view name);

}  // namespace attestrd
