#pragma once

#include <algorithm>
#include <cstdint>

#include "base/time.h"

namespace attestrd {

/// The shares of the account's rate that this node has (rate_shares.h). Fewer hold at once; more
/// hold later: until then the node that gave them up may have sent requests for them.
class RateShare {
 public:
  /// Notes the shares that the database has for this node from now on; more hold after `delay`.
  void decided(std::int64_t shares, Duration delay, Mono now) {
    if (shares > shares_) {
      before_ = at(now);
      raised_at_ = now + delay;
    }
    shares_ = shares;
  }

  /// Notes that this node has none, since others have declared it dead.
  void lost() { shares_ = before_ = 0; }

  /// Returns the shares that hold now.
  std::int64_t at(Mono now) const {
    return now < raised_at_ ? std::min(before_, shares_) : shares_;
  }

  /// When they are to be asked for again, because they are about to rise.
  Mono next_change() const { return raised_at_; }

 private:
  std::int64_t shares_ = 0;
  std::int64_t before_ = 0;  ///< Those that hold until a rise does.
  Mono raised_at_{};
};

}  // namespace attestrd
