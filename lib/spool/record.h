#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "handshake/finish.h"

namespace attestrd {

class Sealer;

/// The format and version of a record, its member `schema` (see FORMAT.md).
inline constexpr std::string_view kRecordSchema = "attestrd.result/1";

/// Returns the spool file of a handshake that has ended, as attestrd-spool(5) describes it: a JSON
/// object and a line feed. `tag` is the tag given at submission. The record has the tag of the
/// answer instead if the handshake is completed or if no tag was given.
std::string write_record(const Finish& finish, std::string_view tag, Wall submitted_at);

/// Returns the same with the answer encrypted by `sealer`, unless that is null. The answer of a
/// rejected handshake is never encrypted: a readmission must verify it again, and this process has
/// no key that opens it. Errors are those of Sealer::seal().
Result<std::string> write_record(const Finish& finish, std::string_view tag, Wall submitted_at,
                                 const Sealer* sealer);

/// Returns the bytes with which each record of this handshake and outcome begins.
std::string record_head(const HandshakeId& id, Outcome outcome);

/// The contents of a spool file. The views point into the text from which it was parsed.
struct SpoolRecord {
  HandshakeId id;
  Outcome outcome{};
  std::string tag;
  std::string reason;               ///< Empty if there is none.
  std::string request_id;           ///< Empty if there is none.
  std::optional<SigningForm> form;  ///< The signing form of a valid signature.
  std::string_view response;        ///< The answer, byte for byte; empty: not kept, or sealed.
  bool is_repeat = false;           ///< Another handshake has the same signature.
  std::optional<Wall> submitted_at{};
  std::optional<Wall> finished_at{};
  std::optional<Wall> last_pending_at{};
  std::uint32_t polls = 0;
  /// The text of the JSON string that has the sealed answer, escapes included: it spells one block
  /// of PEM. Empty: the answer is not sealed, or there is none.
  std::string_view sealed_response{};
};

/// Parses a spool file. The message of `invalid_input` names the fault.
Result<SpoolRecord> parse_record(std::string_view text);

}  // namespace attestrd
