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

  std::string name;  ///< Includes the section: `poll.min_interval`.
  Reload reload{};
  std::string_view meaning;  ///< The text in the manual, in Markdown.

  /// Reads the value into the Config, whose `folder` must be set, or returns the value's fault as
  /// the end of a sentence that begins with the key's name.
  std::function<std::optional<std::string>(const toml::node& value, Config& config)> read;
  /// Returns the value in the Config as a TOML literal.
  std::function<std::string(const Config& config)> literal;
  std::function<bool(const Config& a, const Config& b)> is_same;

  std::string_view section() const { return std::string_view(name).substr(0, name.find('.')); }
};

/// Returns all settings in the order of config/attestrd.toml.
const std::vector<Setting>& settings();

/// Returns the sections in the same order.
const std::vector<std::string_view>& setting_sections();

}  // namespace attestrd
