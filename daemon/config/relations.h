#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "daemon/config/config.h"

namespace attestrd {

/// A pair of settings that contradict each other.
struct BrokenRelation {
  std::string_view key;  ///< The setting to change.
  std::string what;      ///< The end of a sentence that begins with the key's name.
};

/// Returns the broken relations of a Config in which each setting is within its bounds.
std::vector<BrokenRelation> broken_relations(const Config& config);

}  // namespace attestrd
