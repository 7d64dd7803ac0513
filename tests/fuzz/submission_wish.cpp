#include "fuzz/submission_wish.h"

#include <algorithm>
#include <charconv>
#include <vector>

#include "fuzz/json_events.h"

namespace attestrd::fuzz {
namespace {

using Kind = JsonEvent::Kind;

constexpr std::size_t kMostBytes = 4096;  ///< Longest line.

bool holds_surrogate(std::string_view text) {
  for (std::size_t i = 0; i + 1 < text.size(); ++i)
    if (text[i] == '\xed' && (static_cast<unsigned char>(text[i + 1]) & 0x20) != 0) return true;
  return false;
}

std::optional<std::int64_t> whole_number(const JsonEvent& value) {
  std::int64_t number = 0;
  const auto end = value.text.data() + value.text.size();
  const auto read = std::from_chars(value.text.data(), end, number);
  const bool is_whole = value.kind == Kind::number && read.ec == std::errc{} && read.ptr == end;
  return is_whole ? std::optional(number) : std::nullopt;
}

/// Parses an object from the tokens of Boost.JSON.
std::optional<Wish> wish_of_object(std::string_view text) {
  const auto events = json_events(text);
  if (!events || events->front().kind != Kind::begin_object) return std::nullopt;
  Wish wish;
  std::vector<std::string> keys;
  for (std::size_t i = 1; i + 1 < events->size(); i += 2) {
    const auto& key = (*events)[i];
    const auto& value = (*events)[i + 1];
    if (key.kind != Kind::key || std::ranges::count(keys, key.text) > 0) return std::nullopt;
    keys.push_back(key.text);
    if (key.text == "expiry") {
      wish.expiry_ms = whole_number(value);
      constexpr std::int64_t k2010 = 1'262'304'000'000, k2200 = 7'258'118'400'000;
      if (!wish.expiry_ms || *wish.expiry_ms < k2010 || *wish.expiry_ms > k2200)
        return std::nullopt;
    } else if (value.kind != Kind::string || (key.text != "id" && key.text != "tag")) {
      return std::nullopt;
    } else {
      (key.text == "id" ? wish.id : wish.tag) = value.text;
    }
  }
  const bool is_good = is_id(wish.id) && wish.tag.size() <= 256 && !holds_surrogate(wish.tag);
  return is_good ? std::optional(wish) : std::nullopt;
}

std::string_view stripped(std::string_view line) {
  if (line.starts_with("\xef\xbb\xbf")) line.remove_prefix(3);
  while (!line.empty() && std::string_view(" \t\r").find(line.front()) != line.npos)
    line.remove_prefix(1);
  while (!line.empty() && std::string_view(" \t\r").find(line.back()) != line.npos)
    line.remove_suffix(1);
  return line;
}

}  // namespace

bool says_nothing(std::string_view line) {
  const auto text = stripped(line);
  return line.size() <= kMostBytes && (text.empty() || text.front() == '#');
}

bool is_id(std::string_view text) {
  constexpr std::string_view kLetters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
  return !text.empty() && text.size() <= 64 && text.find_first_not_of(kLetters) == text.npos;
}

std::optional<Wish> wish_of(std::string_view line) {
  const auto text = stripped(line);
  if (line.size() > kMostBytes || says_nothing(line)) return std::nullopt;
  if (text.front() == '{') return wish_of_object(text);
  return is_id(text) ? std::optional(Wish{std::string(text), "", std::nullopt}) : std::nullopt;
}

}  // namespace attestrd::fuzz
