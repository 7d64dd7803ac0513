#pragma once

#include <cstdint>
#include <map>
#include <optional>

#include "base/time.h"

namespace attestrd {

/// Counts times by whole seconds, so that the earliest of a million is known at any moment. A
/// second in which any of them lies costs some 50 bytes.
class TimeCounts {
 public:
  void add(Mono time);
  /// Removes a time, which must have been added.
  void remove(Mono time);

  /// Returns the earliest time, rounded down to a second; nothing if there is none.
  std::optional<Mono> earliest() const;

 private:
  std::map<std::int64_t, std::uint32_t> counts_;  ///< By the second.
};

}  // namespace attestrd
