#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "handshake/handshake_id.h"

namespace attestrd {

// The states of a handshake in the queue file:
//
//     submitted --> polling --> staged --> done (a tombstone)
//                      ^          ^          |
//                      |          '-readmit--|
//                      '------------retry----'
//
// A row is staged once the record is in staging/ and the commit is durable; from there the
// handshake can only end published. staged -> done follows the rename of the record into its
// folder. An operator may take a handshake up again that has ended: it is polled anew (`attestrd
// retry`), or the result in its rejected record is published (`attestrd readmit`).

/// The outcome of a handshake. It is also the name of the spool folder of its record (`completed`
/// goes to `results/`).
enum class Outcome : std::uint8_t {
  completed,  ///< The result was fetched, and its signature is valid.
  archived,   ///< Attestr archived the result before it could be fetched: it is lost.
  failed,     ///< There is no result to wait for: see Reason.
  rejected,   ///< The result that was received can't be trusted: see Reason.
};

/// The reason why a handshake failed or was rejected.
enum class Reason : std::uint8_t {
  none,               ///< The outcome needs no reason.
  not_found,          ///< Attestr did not know the id for all of `unknown_grace`.
  expired,            ///< The deadline passed, and the last poll still got "not yet".
  cancelled,          ///< An operator ended it: `attestrd cancel`.
  unreachable,        ///< For a day after the deadline no poll of it got an answer of Attestr.
  invalid_signature,  ///< No secret and no form matched the signature of the result.
  wrong_id,           ///< The answers had the id of another handshake.
  duplicate_key,      ///< The answers had a key twice.
  tag_mismatch,       ///< The answer's tag is not the one given at submission.
  replayed,           ///< The signature of the result is that of another handshake.
};

std::string_view name_of(Outcome outcome);
std::string_view name_of(Reason reason);

/// A request of a customer for one handshake: one valid line of an inbox file.
struct Submission {
  HandshakeId id;
  std::string tag;             ///< Empty: none given.
  std::optional<Wall> expiry;  ///< The time after which the handshake can't be consumed.
};

/// A row that is still to be polled, as the queue passes it to the engine.
struct QueuedHandshake {
  HandshakeId id;
  std::string tag;
  Wall submitted_at;
  std::optional<Wall> expiry;
  std::optional<Wall> last_pending_at;
  std::uint32_t polls = 0;
  std::int64_t boot = 0;            ///< The number of the boot that stored it; 0: unknown.
  std::optional<Mono> submitted{};  ///< `submitted_at`, if the current boot has measured it.
  std::uint32_t attempt = 0;        ///< How often it was taken up again after it had ended.
  bool is_held = false;             ///< An operator holds it: it is not polled until its release.
};

}  // namespace attestrd
