#include "daemon/man/page.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <vector>

#include "daemon/man/page_tables.h"
#include "daemon/version.h"

namespace attestrd {
namespace {

std::string_view take_line(std::string_view& source) {
  const auto line = source.substr(0, source.find('\n'));
  source.remove_prefix(std::min(line.size() + 1, source.size()));
  return line;
}

/// Returns what is between two @ signs if the line consists of that, else nothing.
std::string_view directive(std::string_view line) {
  if (line.size() < 3 || !line.starts_with('@') || !line.ends_with('@')) return {};
  return line.substr(1, line.size() - 2);
}

std::string with_version(std::string_view line) {
  constexpr std::string_view kMark = "@version@";
  std::string text(line);
  for (auto at = text.find(kMark); at != text.npos; at = text.find(kMark))
    text.replace(at, kMark.size(), kVersion);
  return text + "\n";
}

/// Adds the blocks that follow a table in the source to its entries, and takes them.
void add_blocks(std::vector<PageEntry>& entries, std::string_view& source) {
  constexpr std::string_view kAfter = "after ";
  PageEntry* entry = nullptr;
  while (!source.empty()) {
    const auto line = take_line(source);
    const auto word = directive(line);
    if (word == "end") return;
    if (word.starts_with(kAfter)) {
      const auto found = std::ranges::find(entries, word.substr(kAfter.size()), &PageEntry::name);
      if (found == entries.end()) throw std::runtime_error(fmt::format("no entry for {}", line));
      entry = &*found;
    } else if (entry != nullptr) {
      entry->text += with_version(line);
    } else if (!line.empty()) {
      throw std::runtime_error(fmt::format("below a table, and below no entry: {}", line));
    }
  }
  throw std::runtime_error("a table without @end@");
}

}  // namespace

std::string fill_page(std::string_view source) {
  std::string page;
  while (!source.empty()) {
    const auto line = take_line(source);
    const auto word = directive(line);
    if (word.empty()) {
      page += with_version(line);
      continue;
    }
    auto entries = page_table(word);
    if (entries.empty()) throw std::runtime_error(fmt::format("no table for {}", line));
    add_blocks(entries, source);
    for (const PageEntry& entry : entries) page += entry.text;
  }
  return page;
}

}  // namespace attestrd
