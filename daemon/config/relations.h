#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "daemon/config/config.h"

namespace attestrd {

/// Two settings that don't fit together.
struct BrokenRelation {
  std::string_view key;  ///< The one to change.
  std::string what;      ///< The end of a sentence that begins with the key's name.
};

/// Needs a Config in which each setting is within its bounds.
std::vector<BrokenRelation> broken_relations(const Config& config);

}  // namespace attestrd
