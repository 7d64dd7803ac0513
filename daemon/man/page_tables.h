#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace attestrd {

/// An entry of a table that a manual page contains.
struct PageEntry {
  std::string name;  ///< What the page's own text refers to, to add something below the entry.
  std::string text;  ///< In scdoc; ends with a line feed.
};

/// Returns a table of the program as entries of a manual page: `overview` (the commands, a line
/// each), `commands`, `settings`, `events` or `metrics`; nothing for any other name. In `settings`
/// an entry without a text, `[SECTION]`, follows the settings of each section.
std::vector<PageEntry> page_table(std::string_view name);

}  // namespace attestrd
