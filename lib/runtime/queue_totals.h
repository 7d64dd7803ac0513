#pragma once

#include <optional>
#include <string>
#include <utility>

#include "engine/action.h"
#include "engine/event.h"

namespace attestrd {

/// Makes of the engine's grants and deltas the absolute totals that the queue keeps, for one owner
/// alone. A bridge: it goes once the queue itself grants requests and merges what was learnt.
class QueueTotals {
 public:
  void hear(const EngineEvent& event) {
    if (const auto* const recalled = std::get_if<Recalled>(&event)) day_ = recalled->spent;
    if (const auto* const learnt = std::get_if<Learnt>(&event)) learnt_ = *learnt->hazard;
  }

  DayRequests reserve(const Reserve& action) {
    if (day_.day != action.wanted.day) day_ = {action.wanted.day, 0};
    day_.requests += action.wanted.requests;
    wanted_ = action.wanted;
    return day_;
  }

  DayRequests give_back(const GiveBack& action) {
    if (day_.day == action.unspent.day) day_.requests -= action.unspent.requests;
    return day_;
  }

  /// What a durable total grants: all that was wanted, once.
  std::optional<DayRequests> granted(const std::optional<DayRequests>& durable) {
    if (!durable || !wanted_ || durable->day != wanted_->day) return std::nullopt;
    return std::exchange(wanted_, std::nullopt);
  }

  std::string remember(const Remember& action) {
    learnt_.merge(action.learnt);
    return learnt_.write();
  }

 private:
  DayRequests day_;
  std::optional<DayRequests> wanted_;
  Hazard learnt_;
};

}  // namespace attestrd
