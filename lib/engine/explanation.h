#pragma once

#include <cstdint>
#include <optional>

#include "base/time.h"

namespace attestrd {

/// Why one pending handshake is not polled at this moment, and when it will be. What stops all of
/// them (the account, the disk, the daily limit) stands in EngineReport.
struct Explanation {
  enum class Wait : std::uint8_t {
    result,    ///< For a result to be likely: the wait of `adaptive`.
    interval,  ///< For an interval to pass: the wait of `exponential`.
    retry,     ///< The last poll went wrong: its own backoff.
    deadline,  ///< For its deadline, on which its last poll falls.
    next_day,  ///< The requests of the day are spent.
    turn,      ///< It is due, and waits for its turn.
    answer,    ///< A poll is in flight.
    record,    ///< It has ended: its record is being written.
  };
  Wait wait{};
  std::optional<Duration> due;  ///< From now, not below zero; nothing: it is due already.
  Duration age{0};
  Duration until_deadline{0};  ///< Below zero: it has passed, and an answer is waited for.
  std::optional<Duration> since_pending;  ///< Since Attestr last said "not yet".
  std::uint32_t polls = 0;
  double expected_polls = 0;      ///< Still to come, should all go well.
  double chance_done = 0;         ///< By now, as learnt.
  std::uint64_t completions = 0;  ///< That this was learnt from, as far as they have not faded.
};

}  // namespace attestrd
