#pragma once

#include <string>

#include "contract/faults.h"

namespace attestrd::test {

/// A fault at one step of a process.
enum class Trouble { none, kill, power_cut, disk_full, unavailable, answer_lost };

inline Faults::Kind kind_of(Trouble trouble) {
  switch (trouble) {
    case Trouble::none: return Faults::Kind::none;
    case Trouble::kill:
    case Trouble::power_cut: return Faults::Kind::death;
    case Trouble::disk_full: return Faults::Kind::disk_full;
    case Trouble::unavailable: return Faults::Kind::unavailable;
    case Trouble::answer_lost: break;
  }
  return Faults::Kind::answer_lost;
}

inline bool is_fatal(Trouble trouble) { return kind_of(trouble) == Faults::Kind::death; }

inline std::string name_of(Trouble trouble) {
  switch (trouble) {
    case Trouble::none: break;
    case Trouble::kill: return "Kill";
    case Trouble::power_cut: return "PowerCut";
    case Trouble::disk_full: return "DiskFull";
    case Trouble::unavailable: return "Unavailable";
    case Trouble::answer_lost: return "AnswerLost";
  }
  return "None";
}

}  // namespace attestrd::test
