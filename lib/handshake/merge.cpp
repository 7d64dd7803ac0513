#include "handshake/merge.h"

#include <algorithm>

#include "base/limits.h"

namespace attestrd {

Merge merge_submission(const QueuedHandshake& row, const Submission& later,
                       Duration give_up_after) {
  Merge merge{.expiry = row.expiry, .is_tag_ignored = !later.tag.empty() && later.tag != row.tag};
  if (!later.expiry) return merge;
  const Wall held = row.expiry.value_or(row.submitted_at + give_up_after);
  const Wall most = std::max(held, row.submitted_at + limits::kExpiryMove);
  merge.is_expiry_bounded = *later.expiry > most;
  if (*later.expiry > held) merge.expiry = std::min(*later.expiry, most);
  return merge;
}

}  // namespace attestrd
