#pragma once

#include <cstdint>
#include <optional>

#include "base/time.h"
#include "engine/pending.h"

namespace attestrd {

/// The reason why one pending handshake is not polled at this moment, and the time when it will be.
/// Conditions that stop all handshakes (the account, the disk, the daily limit) are in
/// EngineReport.
struct Explanation {
  enum class Wait : std::uint8_t {
    result,    ///< It waits until a result is likely, as `adaptive` computes it.
    interval,  ///< It waits for the end of an interval of `exponential`.
    retry,     ///< The last poll failed: it waits for its own backoff.
    deadline,  ///< It waits for its deadline, on which its last poll falls.
    next_day,  ///< The requests of the day are spent.
    turn,      ///< It is due, and waits for its turn.
    answer,    ///< A poll is in flight.
    record,    ///< It has ended: its record is being written.
    release,   ///< An operator holds it: it waits for its release.
  };
  Wait wait{};
  /// The earliest time of its next poll, from now, not below zero: it respects what holds all
  /// handshakes. Absent if only an event allows the poll: an answer, or space on the disk.
  std::optional<Duration> due;
  Duration age{0};
  Duration until_deadline{0};             ///< Below zero if it has passed and an answer is awaited.
  std::optional<Duration> since_pending;  ///< Since the last "not yet" of Attestr.
  std::uint32_t polls = 0;
  std::uint32_t errors = 0;  ///< Polls in a row that went wrong, at most 127.
  PendingRecord::Suspicion suspicion{};
  double expected_polls = 0;      ///< Polls still to come if all goes well.
  double chance_done = 0;         ///< Learnt probability that it is done by now.
  std::uint64_t completions = 0;  ///< Completions learnt from, as far as they have not faded.
};

}  // namespace attestrd
