#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/account_day.h"
#include "base/time.h"
#include "queue/boot_clock.h"
#include "queue/operator_pause.h"
#include "queue/queue_row.h"

namespace attestrd {

/// A row on its way from a queue to another one of the same spool. The time of its submission is
/// the right one by the clocks that move with it.
struct MovedRow {
  BackupRow saved;      ///< `again` is set for a staged row alone.
  Duration running{0};  ///< The running time with which a tombstone was stored.
};

/// The state of a queue beside its rows.
struct MovedFacts {
  std::vector<BootClock> clocks{};  ///< In the order of their numbers.
  std::string learnt{};             ///< As Hazard::write() writes it; empty: nothing.
  std::optional<DayRequests> reserved{};
  OperatorPause pause{};
};

/// The target of a move.
enum class MoveTo : std::uint8_t { database, file };

/// The mark in a queue file that is on its way. The database has `instance` as the one of the
/// file's node if, and only if, the move was committed there.
struct MoveMark {
  std::string instance;  ///< A UUID.
  MoveTo to{};
};

}  // namespace attestrd
