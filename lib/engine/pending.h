#pragma once

#include <cstdint>
#include <optional>

#include "base/time.h"
#include "engine/id_store.h"
#include "schedule/poll_price.h"

namespace attestrd {

/// What the engine knows of one pending handshake.
struct PendingRecord {
  enum class State : std::uint8_t {
    vacant,    ///< No handshake: the slot is free.
    waiting,   ///< In the timing wheel.
    ready,     ///< Due; in a lane, waiting for its turn.
    polling,   ///< A poll is in flight.
    settling,  ///< Ended; the ledger is writing it down.
  };

  Mono submitted;                   ///< May lie before the start of the process.
  Mono deadline;                    ///< The last poll falls here.
  Mono last_pending = Mono::min();  ///< When Attestr last said "not yet"; Mono::min(): never.
  std::uint64_t tag_digest = 0;  ///< First 8 bytes of the SHA-256 of the tag given; 0: none given.
  std::uint32_t deadline_wall_s = 0;  ///< See deadline_wall().
  union {
    std::uint32_t unknown_after_s = 0;  ///< While it is pending; see unknown_since().
    std::uint32_t response_bytes;       ///< While it is settling: what the ledger holds for it.
  };
  std::uint32_t polls = 0;
  IdStore::Place id = 0;
  PollPrice::Load load = 0;  ///< What it adds to the rate while it waits.
  std::uint8_t errors = 0;   ///< In a row; the exponent of its own backoff.
  std::uint8_t doubts = 0;   ///< In a row: answers that seemed forged.
  State state = State::vacant;
  bool is_unknown : 1 = false;    ///< `unknown_since` holds.
  bool is_last_poll : 1 = false;  ///< The last poll that began did so at or after the deadline.
  bool is_canary : 1 = false;     ///< The poll in flight is the account's canary.
  bool is_fresh : 1 = false;      ///< Accepted by this process, and not polled yet.
  bool is_lost : 1 = false;       ///< Lost while a poll or a lane still names its slot.
  bool is_overtime : 1 = false;   ///< Consumed at its deadline, and given time for its result.
  bool is_unsaved : 1 = false;    ///< `polls` has changed since the queue last heard of it.
  bool is_unwatched : 1 = false;  ///< Found in the queue, and no "not yet" came since.

  /// The deadline once more, to hold against the clock of the server, which knows whole seconds:
  /// rounded up to one, from 1970 to 2106.
  Wall deadline_wall() const;
  void set_deadline_wall(Wall wall);

  /// First "no such handshake" of the current run of them, rounded down to whole seconds after
  /// its submission.
  Mono unknown_since() const;
  void set_unknown_since(Mono since);
  /// What unknown_since() would be if it were set to `since`.
  Mono rounded_unknown_since(Mono since) const;

  /// When Attestr last said "not yet", by the wall clock of now; nothing: never.
  std::optional<Wall> last_pending_at(Now now) const;
};

}  // namespace attestrd
