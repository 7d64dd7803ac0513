#pragma once

#include <toml++/toml.h>

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/config/config.h"

namespace attestrd {

/// A setting, as its row in settings.def declares it.
struct Setting {
  enum class Reload : bool { live, restart };

  std::string name;  ///< With its section: `poll.min_interval`.
  Reload reload{};
  std::string_view meaning;  ///< In README's table, in Markdown.

  /// Reads the value into the Config, whose `folder` is set, or returns what is wrong with it, as
  /// the end of a sentence that begins with the key's name.
  std::function<std::optional<std::string>(const toml::node& value, Config& config)> read;
  /// The value that stands in the Config, as a literal of TOML.
  std::function<std::string(const Config& config)> literal;
  std::function<bool(const Config& a, const Config& b)> is_same;

  std::string_view section() const { return std::string_view(name).substr(0, name.find('.')); }
};

/// All settings, in the order of config/attestrd.toml.
const std::vector<Setting>& settings();

/// The sections, in the same order.
const std::vector<std::string_view>& setting_sections();

}  // namespace attestrd
