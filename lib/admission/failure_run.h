#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "admission/pause_reason.h"
#include "base/limits.h"
#include "base/time.h"

namespace attestrd {

/// A poll that met trouble.
struct FailedPoll {
  std::uint32_t handshake = 0;  ///< A number of the handshake.
  bool is_canary = false;
  std::size_t pending = 0;  ///< All handshakes that wait, are due or are being polled.
};

/// The polls that failed since the last good answer, and the judgement whether the trouble concerns
/// the whole account. One handshake that always fails must not stop the others.
class FailureRun {
 public:
  /// Records a good answer, which ends the run.
  void good(Mono now) {
    last_good_ = now;
    polls_ = 0;
    size_ = 0;
  }

  /// Records a failed poll.
  void add(const FailedPoll& poll, PauseReason reason, Mono now);

  /// Returns whether the trouble of this reason is that of the account: two different handshakes
  /// met it, and no answer was good within the last limits::kFailureRun and the last
  /// limits::kFailureRunPolls polls. If so few handshakes are pending that all of them have failed,
  /// no further polls are awaited, and neither at the floor of the rate, which no handshake is
  /// refused for. A certificate and a tunnel are judged before an id is sent: one failure suffices,
  /// unless an answer was good within the last limits::kFailureRun.
  bool is_of_account(PauseReason reason, std::size_t pending, Mono now) const;

  /// Returns whether other handshakes are answered well: the last good answer is recent, or few
  /// polls have failed since, and not those of all pending handshakes.
  bool is_answered(Mono now) const {
    return last_good_ && (is_good_fresh(now) || (is_short() && !has_all_failed()));
  }

 private:
  struct Failed {
    std::uint32_t handshake = 0;
    PauseReason reason{};
  };

  bool is_good_fresh(Mono now) const {
    return last_good_ && now - *last_good_ < limits::kFailureRun;
  }
  bool has_all_failed() const { return size_ > 0 && size_ >= pending_; }
  bool is_short() const { return polls_ < limits::kFailureRunPolls; }

  std::array<Failed, limits::kFailureRunPolls> failed_{};  // Different handshakes: the latest.
  std::size_t size_ = 0;
  std::size_t next_ = 0;
  std::uint32_t polls_ = 0;
  std::size_t pending_ = 0;  // At the last failure.
  Mono began_{};
  std::optional<Mono> last_good_;
};

}  // namespace attestrd
