#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "base/time.h"
#include "crypto/fingerprint.h"
#include "handshake/finish.h"
#include "handshake/handshake.h"

namespace attestrd {

/// A handshake that has ended and whose record is in staging/, or has left it already.
struct StagedHandshake {
  HandshakeId id;
  Outcome outcome{};
  Reason reason = Reason::none;
  Wall finished_at{};
  Fingerprint record;
  /// The signature of its result, if no other handshake has it. The row keeps it until another one
  /// is staged, and passes it on to its tombstone.
  std::optional<SignaturePrefix> signature{};
  std::uint32_t attempt = 0;      ///< See QueuedHandshake.
  std::string readmitted_from{};  ///< The name in rejected/ of the record that it replaces.
};

/// The change polling -> staged. The record must be durable in staging/ of this node before.
struct Stage {
  StagedHandshake handshake;
};

/// The change staged -> polling, for a record in staging/ that can't be published.
struct Unstage {
  HandshakeId id;
};

/// The change staged -> done: the row becomes a tombstone. The record is durable in its folder.
struct Done {
  HandshakeId id;
  Outcome outcome{};
  std::string diverted_to{};  ///< See EndedHandshake.
};

/// The change done -> polling: the handshake is polled anew, with the tag of its tombstone, as a
/// submission without an expiry.
struct Reopen {
  HandshakeId id;
  std::uint32_t attempt = 0;  ///< The new one; the attempt that ended is the one before.
  Wall submitted_at{};
  std::int64_t boot = 0;  ///< See QueuedHandshake.
};

/// The change done -> staged, for a result that was rejected and holds now. A tombstone of a
/// completed handshake stays. The record must be durable in staging/ of this node before.
struct Readmit {
  StagedHandshake handshake;  ///< Its attempt is the new one, as that of Reopen.
  Wall submitted_at{};        ///< Of the row, in case that it must be polled instead (Unstage).
  std::int64_t boot = 0;
};

/// The change of a row in `polling` that holds it or releases it. It stays in `polling`.
struct SetHeld {
  HandshakeId id;
  bool is_held = false;
};

/// A change of one row. `Progress` expects a row in `polling` and leaves it there.
using RowChange = std::variant<Progress, Stage, Unstage, Done, Reopen, Readmit, SetHeld>;

/// The result of a row change.
enum class Applied : std::uint8_t {
  applied,      ///< The row is in the wanted state, by this change or by an earlier try of it.
  not_ours,     ///< Another owner has the row. Nothing was changed.
  wrong_state,  ///< The row is in another state than the change expects. Nothing was changed.
};

}  // namespace attestrd
