#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "handshake/finish.h"

namespace attestrd {

// A signature covers the result, but not the id of its handshake: whoever answers in Attestr's
// place can repeat the signed result of one person under the id of another. The results of two
// people are never equal where a stage has an output. Where none has, because the flow was skipped,
// they often are, and both are genuine.

/// The values of the setting `signature.repeats`.
enum class RepeatPolicy : std::uint8_t {
  reject,   ///< A repeat that has an output is rejected.
  deliver,  ///< Every repeat is delivered, and marked.
};

/// Decides how a handshake with a verified result ends, given whether its signature is that of
/// another one. May be called again, with the same outcome as if it had not been called before.
/// `finish.signature` must be present.
void judge_repeat(Finish& finish, bool is_repeat, RepeatPolicy policy);

/// Returns whether the result in an answer has an output: a member `output` at any depth, but not
/// within an `input`, whose value is not null, {}, [] or "".
bool has_output(std::string_view answer);

/// Returns the signature in an answer, or nothing if it has none.
std::optional<SignaturePrefix> signature_in(std::string_view answer);

}  // namespace attestrd
