#pragma once

#include <cstdint>
#include <string>

#include "base/time.h"

namespace attestrd {

/// The clocks of one boot of the machine, as the queue stores them. Within a boot the clock for
/// waiting measures how far the wall clock was moved, and one `shift` puts all times right that the
/// queue stored in this boot, however many they are.
struct BootClock {
  std::int64_t number = 0;  ///< From 1, in the order of the boots.
  std::string id;           ///< The system's name of the boot; empty: unknown.
  Now reading;              ///< The latest stored reading of both clocks.
  Duration shift{0};        ///< Added to the submission times that were stored in this boot.
  Duration running{0};      ///< The time that attestrd has run on this queue, in all boots.
  bool operator==(const BootClock& other) const {
    return number == other.number && id == other.id && reading.mono == other.reading.mono &&
           reading.wall == other.reading.wall && shift == other.shift && running == other.running;
  }
};

}  // namespace attestrd
