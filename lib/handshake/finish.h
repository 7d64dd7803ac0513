#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "handshake/handshake.h"

namespace attestrd {

/// The form of `result` whose bytes Attestr signed. The document contains "hmacHexDigest of result
/// object" and no more, so each likely reading has a name.
enum class SigningForm : std::uint8_t {
  raw,        ///< The text of `result` exactly as the answer contains it.
  compact,    ///< The same tokens, with the white space between them removed.
  stringify,  ///< ECMAScript's JSON.stringify(JSON.parse(text)).
};

std::string_view name_of(SigningForm form);

/// The first bytes of the signature of a result. By them the queue finds a result that comes again
/// under another id.
using SignaturePrefix = std::array<unsigned char, 16>;

/// Returns the prefix of a signature in hex; nothing if that is not the text of a signature.
std::optional<SignaturePrefix> signature_prefix(std::string_view hex);

/// A handshake that has ended, on its way to the spool. The engine decides the end, and the ledger
/// writes it.
struct Finish {
  HandshakeId id;
  Outcome outcome{};
  Reason reason = Reason::none;
  std::uint32_t polls = 0;
  std::optional<Wall> last_pending_at;
  Wall finished_at{};
  std::optional<SigningForm> form;  ///< The signing form that matched, for `completed`.
  std::string request_id;
  std::string tag;       ///< The raw tag of the answer, without quotes; empty: none.
  std::string response;  ///< The body of the answer, byte for byte; empty: not kept.
  /// The signature of the result; present if the engine decided `completed`, and only then.
  std::optional<SignaturePrefix> signature{};
  /// Another handshake has ended with the same signature. The ledger decides it, and with it
  /// whether a completed handshake becomes a rejected one (see ledger/repeats.h).
  bool is_repeat = false;
};

/// The progress of a handshake that stays in the queue, worth a write of its row.
struct Progress {
  HandshakeId id;
  std::uint32_t polls = 0;
  std::optional<Wall> last_pending_at;
};

}  // namespace attestrd
