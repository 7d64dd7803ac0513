#pragma once

#include <string>
#include <utility>

#include "log/notice.h"

namespace attestrd {

/// A notice of the event `inbox.refused`; no reason: an empty string.
inline Notice refused_notice(const std::string& file, std::string reason, std::string message) {
  Notice notice(Event::inbox_refused, std::move(message));
  notice.file = file;
  if (!reason.empty()) notice.reason = std::move(reason);
  return notice;
}

}  // namespace attestrd
