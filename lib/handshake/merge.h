#pragma once

#include <optional>

#include "base/time.h"
#include "handshake/handshake.h"

namespace attestrd {

/// The effect of a later submission on a handshake that is pending. Whoever makes it may be another
/// user than the one who submitted the handshake first, so it can't do harm: the tag stays, and the
/// expiry moves only to a later time, up to a bound.
struct Merge {
  std::optional<Wall> expiry;      ///< The expiry that holds from now on.
  bool is_tag_ignored = false;     ///< It has another tag than the first submission.
  bool is_expiry_bounded = false;  ///< Its expiry is later than the bound.
};

/// `give_up_after` is the life of a handshake without an expiry. An expiry moves up to
/// `limits::kExpiryMove` after the first submission; one that was later from the start stays.
Merge merge_submission(const QueuedHandshake& row, const Submission& later, Duration give_up_after);

}  // namespace attestrd
