#pragma once

#include <cstdint>
#include <optional>

#include "base/limits.h"
#include "base/time.h"
#include "engine/id_store.h"
#include "schedule/poll_price.h"

namespace attestrd {

/// The state of one pending handshake in the engine.
struct PendingRecord {
  enum class State : std::uint8_t {
    vacant,    ///< The slot is free.
    waiting,   ///< It is in the timing wheel.
    ready,     ///< It is due, and waits in a lane for its turn.
    polling,   ///< A poll is in flight.
    settling,  ///< It has ended; the ledger is writing its record.
    held,      ///< It is due, and waits for its release by an operator.
  };

  /// Answers in a row of one kind that may end the handshake without a verified result.
  enum class Suspicion : std::uint8_t {
    none,
    unknown,            ///< Attestr does not know it.
    archived,           ///< Its result is archived, and was not in the answer.
    wrong_id,           ///< The answers have the id of another handshake.
    duplicate_key,      ///< The answers have a key twice.
    invalid_signature,  ///< No client secret gives the signature of its result.
    tag_mismatch,       ///< The tag is not the one given at its submission.
    unreachable,        ///< The deadline has passed, and no answer is Attestr's.
  };

  static constexpr std::uint32_t kMostPolls = (1U << 27) - 1;
  static constexpr std::uint8_t kMostErrors = 127;  ///< More are not counted.

  Mono submitted;                     ///< May be before the start of the process.
  Mono deadline;                      ///< The time of the last poll.
  Mono last_pending = Mono::min();    ///< Time of the last "not yet"; Mono::min(): none.
  std::uint64_t tag_digest = 0;       ///< First 8 bytes of the SHA-256 of the given tag; 0: no tag.
  std::uint32_t deadline_wall_s = 0;  ///< See deadline_wall(); 0: the deadline is measured.
  union {
    std::uint32_t suspect_after_s = 0;  ///< Valid with a `suspicion`; see suspect_since().
    std::uint32_t hinted_after_s;       ///< Valid without one; see hinted_at().
    std::uint32_t response_bytes;  ///< Valid while it is settling: bytes that the ledger holds.
  };
  std::uint32_t polls : 27 = 0;
  bool is_held : 1 = false;        ///< An operator holds it: no poll starts.
  bool is_cancelled : 1 = false;   ///< It ends with the poll in flight.
  bool is_hinted : 1 = false;      ///< A hint has come since its latest poll began.
  bool is_announced : 1 = false;   ///< A hint had come before its latest poll began.
  bool is_hint_spent : 1 = false;  ///< The answer to a poll after a hint was "not yet".
  IdStore::Place id = 0;
  PollPrice::Load load = 0;            ///< Its share of the request rate while it waits.
  bool may_be_configured : 1 = false;  ///< New settings or secrets may end its trouble.
  std::uint8_t errors : 7 = 0;         ///< Consecutive errors; the exponent of its own backoff.
  std::uint8_t witnesses = 0;          ///< Consecutive answers of the kind of `suspicion`.
  State state : 3 = State::vacant;
  bool has_expiry : 1 = false;  ///< The deadline follows from an expiry.
  bool was_good : 1 = false;    ///< Its latest answer was a good one; trouble of the server apart.
  Suspicion suspicion : 3 = Suspicion::none;
  bool is_last_poll : 1 = false;          ///< The latest poll began at or after the deadline.
  bool is_canary : 1 = false;             ///< The poll in flight is the account's canary.
  bool is_older_than_reload : 1 = false;  ///< The poll in flight began before a reload.
  bool is_fresh : 1 = false;              ///< Accepted by this process, and not polled yet.
  bool is_lost : 1 = false;               ///< Lost while a poll or a lane still names its slot.
  bool is_overtime : 1 = false;   ///< Consumed at its deadline, and granted time for its result.
  bool is_unsaved : 1 = false;    ///< `polls` has changed since it was last sent to the queue.
  bool is_unwatched : 1 = false;  ///< Found in the queue, without a "not yet" since then.

  /// Returns whether the deadline is measured by the clock for waiting alone. The others depend on
  /// the wall clock, which may be wrong: the server's clock is asked too.
  bool is_deadline_measured() const { return deadline_wall_s == 0; }
  /// Returns the deadline by the wall clock, which has a resolution of whole seconds, as the clock
  /// of the server has. It is rounded up to a whole second, from 1970 to 2106.
  Wall deadline_wall() const;
  void set_deadline_wall(Wall wall);
  /// Sets the deadline to deadline_wall(), but not before now and at most `longest` after it.
  void move_deadline(Now now, Duration longest);

  /// Returns the time of the first answer of the current `suspicion`, rounded down to whole seconds
  /// after the submission. Valid unless that is `none`.
  Mono suspect_since() const;
  void set_suspect_since(Mono since);
  /// Returns what suspect_since() would return after set_suspect_since(since).
  Mono rounded_suspect_since(Mono since) const;

  /// Notes that a hint came. The time of the first one before a poll counts.
  void note_hint(Mono now);
  /// Returns the time of the hint that announced its result, rounded down to whole seconds after
  /// the submission, or nothing if that is not known.
  std::optional<Mono> hinted_at() const;
  bool has_hint() const { return is_hinted || is_announced; }

  /// Returns whether it has been seen pending, by this process or an earlier one.
  bool was_pending() const { return last_pending != Mono::min(); }
  /// Returns whether it is in trouble that is likely to last. Such a handshake is polled only as
  /// far as the others are not delayed.
  bool is_in_lasting_trouble() const {
    return suspicion != Suspicion::none || errors >= limits::kLastingErrors;
  }

  /// Returns the time of the last "not yet", converted with the wall clock of `now`, or nothing if
  /// there was none.
  std::optional<Wall> last_pending_at(Now now) const;
};

}  // namespace attestrd
