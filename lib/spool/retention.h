#pragma once

#include <optional>
#include <string_view>

#include "base/time.h"
#include "handshake/handshake.h"
#include "handshake/known_handshake.h"

namespace attestrd {

/// Returns the id of the record that has this name (`ID.json`, or a numbered one), or nothing if no
/// record has it.
std::optional<HandshakeId> id_of_record(std::string_view name);

/// Returns the outcome that a record must have to be removed from this place, or nothing if what is
/// there must stay. `name` is its name in `folder`, `known` the state of its handshake in the
/// queue, and `running` the running time now: no wall clock takes part, since one that is ahead
/// would remove what is new.
///
/// A record stays if the queue does not know its age, if its handshake is pending or its record is
/// being published, or if the handshake has ended otherwise since, as by a retry. Results are never
/// removed.
std::optional<Outcome> outcome_to_remove(Outcome folder, std::string_view name,
                                         const KnownHandshake& known, Duration running,
                                         Duration keep);

/// Returns how long a tombstone must be kept, in running time: at least as long as its record, and
/// a day more, since the record can't be removed after it.
Duration tombstone_life(Duration tombstones, Duration records);

}  // namespace attestrd
