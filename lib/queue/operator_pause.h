#pragma once

#include <optional>

#include "base/time.h"

namespace attestrd {

/// The pause of all polls that an operator has begun. It lasts over restarts, until it is ended.
struct OperatorPause {
  std::optional<Wall> since;  ///< Its begin, in milliseconds; empty: there is no pause.
  bool operator==(const OperatorPause&) const = default;
};

}  // namespace attestrd
