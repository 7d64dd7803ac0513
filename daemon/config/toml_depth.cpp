#include "daemon/config/toml_depth.h"

#include <algorithm>

#include "base/limits.h"

namespace attestrd {
namespace {

/// Returns the length of the string at the start of `text`, with its quotes. A string without an
/// end reaches to the end of its line, or of the text: the parser goes no further either.
std::size_t string_length(std::string_view text) {
  const char quote = text.front();
  const bool is_multi_line = text.size() >= 3 && text[1] == quote && text[2] == quote;
  const std::size_t quotes = is_multi_line ? 3 : 1;
  std::size_t at = quotes;
  for (; at < text.size(); ++at) {
    if (text[at] == '\n' && !is_multi_line) return at;
    if (text[at] == '\\' && quote == '"') {
      ++at;
    } else if (text[at] == quote && text.substr(at, quotes).find_first_not_of(quote) == text.npos) {
      // Up to two quotes may stand before the three that end a string of several lines.
      const auto end = std::min(text.find_first_not_of(quote, at), text.size());
      return is_multi_line ? std::min(end, at + 5) : at + 1;
    }
  }
  return std::min(at, text.size());
}

}  // namespace

std::size_t line_of_deep_key(std::string_view toml) {
  std::size_t line = 1;
  std::size_t parts = 1;
  for (std::size_t at = 0; at < toml.size();) {
    const char c = toml[at];
    if (c == '"' || c == '\'') {
      const auto length = string_length(toml.substr(at));
      line += static_cast<std::size_t>(std::ranges::count(toml.substr(at, length), '\n'));
      at += length;
      continue;
    }
    if (c == '#') {
      at = std::min(toml.find('\n', at), toml.size());
      continue;
    }
    // None of these is part of a key.
    if (std::string_view("\n=,{}[]").find(c) != std::string_view::npos) parts = 1;
    if (c == '.' && ++parts > limits::kConfigKeyParts) return line;
    if (c == '\n') ++line;
    ++at;
  }
  return 0;
}

}  // namespace attestrd
