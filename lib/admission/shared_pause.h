#pragma once

#include <optional>
#include <string>
#include <utility>

#include "admission/pause_reason.h"
#include "base/time.h"

namespace attestrd {

/// A pause of the account that the nodes of a fleet share: one of them polls the canary.
struct SharedPause {
  PauseReason reason{};
  Wall since{};
  std::string node{};  ///< The node that polls the canary; empty: this one.
  bool operator==(const SharedPause&) const = default;
};

/// The pause of the account as the fleet has it, if there is a fleet. A daemon with a queue of its
/// own has no use for it.
class FleetPause {
 public:
  /// Notes the pause as the database of the fleet has it; nothing: there is none.
  void note(std::optional<SharedPause> pause) {
    is_shared_ = true;
    pause_ = std::move(pause);
  }

  const std::optional<SharedPause>& pause() const { return pause_; }

  /// Returns whether other nodes may share this pause.
  bool is_shared(PauseReason reason) const { return is_shared_ && is_of_fleet(reason); }

  /// Returns whether another node polls the canary: this one polls nothing.
  bool is_foreign() const { return pause_ && !pause_->node.empty(); }

  /// Returns whether this node may poll a canary in a pause of its own. One that the fleet shares
  /// must first be this node's there, since another node may have begun one at the same time.
  bool allows_canary(PauseReason reason) const {
    return !is_foreign() && (!is_shared(reason) || pause_.has_value());
  }

 private:
  bool is_shared_ = false;
  std::optional<SharedPause> pause_;
};

}  // namespace attestrd
