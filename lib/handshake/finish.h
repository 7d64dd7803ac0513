#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "handshake/handshake.h"

namespace attestrd {

/// Which bytes of `result` Attestr signed. The document says "hmacHexDigest of result object" and
/// no more, so each likely reading has a name.
enum class SigningForm : std::uint8_t {
  raw,        ///< The text of `result` exactly as it stands in the answer.
  compact,    ///< The same tokens, with the white space between them removed.
  stringify,  ///< ECMAScript's JSON.stringify(JSON.parse(text)).
};

std::string_view name_of(SigningForm form);

/// A handshake that has ended, on its way to the spool. The engine decides it, the ledger writes
/// it.
struct Finish {
  HandshakeId id;
  Outcome outcome{};
  Reason reason = Reason::none;
  std::uint32_t polls = 0;
  std::optional<Wall> last_pending_at;
  Wall finished_at{};
  std::optional<SigningForm> form;  ///< The signing form that held, for `completed`.
  std::string request_id;
  std::string tag;       ///< The answer's, as it stands there, without quotes; empty: none.
  std::string response;  ///< The answer, byte for byte; empty: none is kept.
};

/// What a poll learnt that is worth a row's write, for a handshake that stays in the queue.
struct Progress {
  HandshakeId id;
  std::uint32_t polls = 0;
  std::optional<Wall> last_pending_at;
};

}  // namespace attestrd
