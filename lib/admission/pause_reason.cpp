#include "admission/pause_reason.h"

#include "base/check.h"

namespace attestrd {

std::string_view name_of(PauseReason reason) {
  switch (reason) {
    case PauseReason::unauthorized: return "unauthorized";
    case PauseReason::forbidden: return "forbidden";
    case PauseReason::low_credits: return "low_credits";
    case PauseReason::wrong_version: return "wrong_version";
    case PauseReason::rate_limited: return "rate_limited";
    case PauseReason::daily_limit: return "daily_limit";
    case PauseReason::certificate: return "certificate";
    case PauseReason::proxy: return "proxy";
    case PauseReason::upstream_down: return "upstream_down";
  }
  check_failed("a pause has a reason", __FILE__, __LINE__);
}

std::optional<PauseReason> pause_reason_named(std::string_view name) {
  for (int i = 0; i <= static_cast<int>(PauseReason::upstream_down); ++i)
    if (name_of(PauseReason(i)) == name) return PauseReason(i);
  return std::nullopt;
}

bool is_of_fleet(PauseReason reason) {
  switch (reason) {
    case PauseReason::unauthorized:
    case PauseReason::forbidden:
    case PauseReason::low_credits:
    case PauseReason::wrong_version:
    case PauseReason::rate_limited:
    case PauseReason::daily_limit: return true;
    case PauseReason::certificate:
    case PauseReason::proxy:
    case PauseReason::upstream_down: return false;
  }
  check_failed("a pause has a reason", __FILE__, __LINE__);
}

}  // namespace attestrd
