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

/// A change of one row. `Progress` expects a row in `polling` and leaves it there.
///
/// Alternatives still to be added: `Hold` and `Release` (polling -> polling, without and with
/// polls), `Reopen` (done -> polling, for a record that must be fetched again) and `Readmit` (back
/// to polling for an id whose tombstone prevents a new submission).
using RowChange = std::variant<Progress, Stage, Unstage, Done>;

/// The result of a row change.
enum class Applied : std::uint8_t {
  applied,      ///< The row is in the wanted state, by this change or by an earlier try of it.
  not_ours,     ///< Another owner has the row. Nothing was changed.
  wrong_state,  ///< The row is in another state than the change expects. Nothing was changed.
};

}  // namespace attestrd
