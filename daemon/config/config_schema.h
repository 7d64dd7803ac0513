#pragma once

#include <toml++/toml.h>

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/config/config.h"

namespace attestrd {

/// A setting as the configuration file spells it.
struct ConfigKey {
  std::string_view name;  ///< With its section: `poll.min_interval`.
  /// Takes the value into the Config, or says what is wrong with it, as the end of a sentence that
  /// begins with the key's name.
  std::function<std::optional<std::string>(const toml::node& value)> take;
};

/// Every setting there is, in the order of config/attestrd.toml. The keys write into `config`,
/// which must outlive them and have its `folder` set.
std::vector<ConfigKey> config_schema(Config& config);

}  // namespace attestrd
