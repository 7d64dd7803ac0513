#include "inbox/inbox.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/limits.h"

namespace attestrd {

void ScanRequest::join(ScanRequest later) {
  is_full |= later.is_full;
  if (events.size() + later.events.size() > limits::kInboxEvents) {
    is_full = true;
    later.events.clear();
  }
  std::ranges::move(later.events, std::back_inserter(events));
}

}  // namespace attestrd
