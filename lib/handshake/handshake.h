#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "handshake/handshake_id.h"

namespace attestrd {

// A handshake's life, as the queue file tells it:
//
//     submitted --> polling --> staged --> done (a tombstone)
//
// polling -> staged holds once the record lies in staging/ and the commit is durable; from there
// it can only end published. staged -> done follows the rename into its folder.

/// How a handshake ended; also the name of the spool folder that its record goes to (`completed`
/// goes to `results/`).
enum class Outcome : std::uint8_t {
  completed,  ///< The result is here, and its signature is valid.
  archived,   ///< Attestr archived the result before it could be fetched: lost.
  failed,     ///< There is no result to wait for: see Reason.
  rejected,   ///< What came as a result can't be trusted: see Reason.
};

/// Why a handshake failed or was rejected.
enum class Reason : std::uint8_t {
  none,               ///< The outcome says it all.
  not_found,          ///< Attestr did not know the id for all of `unknown_grace`.
  expired,            ///< The deadline passed, and the last poll still said "not yet".
  invalid_signature,  ///< No secret and no form gave the signature that came with the result.
  wrong_id,           ///< The answers named another handshake.
  duplicate_key,      ///< The answers named a key twice.
  tag_mismatch,       ///< The answer's tag is not the one given at submission.
};

std::string_view name_of(Outcome outcome);
std::string_view name_of(Reason reason);

/// What a customer asks for: one good line of an inbox file.
struct Submission {
  HandshakeId id;
  std::string tag;             ///< Empty: none given.
  std::optional<Wall> expiry;  ///< When the handshake can't be consumed any more.
};

/// A row that is still to be polled, as the queue hands it to the engine.
struct QueuedHandshake {
  HandshakeId id;
  std::string tag;
  Wall submitted_at;
  std::optional<Wall> expiry;
  std::optional<Wall> last_pending_at;
  std::uint32_t polls = 0;
};

}  // namespace attestrd
