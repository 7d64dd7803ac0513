#include "fuzz/json_events.h"

#include <fmt/format.h>

#include <boost/json/basic_parser_impl.hpp>

#include <algorithm>
#include <limits>

namespace attestrd::fuzz {
namespace {

using Kind = JsonEvent::Kind;
using boost::json::error_code;
using boost::json::string_view;

/// A handler that Boost.JSON calls. Parts of a string or a number are collected in `parts_`.
class Collector {
 public:
  static constexpr std::size_t max_object_size = std::numeric_limits<std::size_t>::max();
  static constexpr std::size_t max_array_size = max_object_size;
  static constexpr std::size_t max_key_size = max_object_size;
  static constexpr std::size_t max_string_size = max_object_size;

  bool on_document_begin(error_code&) { return true; }
  bool on_document_end(error_code&) { return true; }
  bool on_object_begin(error_code&) { return add(Kind::begin_object, ""); }
  bool on_object_end(std::size_t, error_code&) { return add(Kind::end_object, ""); }
  bool on_array_begin(error_code&) { return add(Kind::begin_array, ""); }
  bool on_array_end(std::size_t, error_code&) { return add(Kind::end_array, ""); }
  bool on_key_part(string_view part, std::size_t, error_code&) { return keep(part); }
  bool on_key(string_view part, std::size_t, error_code&) { return add(Kind::key, part); }
  bool on_string_part(string_view part, std::size_t, error_code&) { return keep(part); }
  bool on_string(string_view part, std::size_t, error_code&) { return add(Kind::string, part); }
  bool on_number_part(string_view part, error_code&) { return keep(part); }
  bool on_int64(std::int64_t, string_view part, error_code&) { return add(Kind::number, part); }
  bool on_uint64(std::uint64_t, string_view part, error_code&) { return add(Kind::number, part); }
  bool on_double(double, string_view part, error_code&) { return add(Kind::number, part); }
  bool on_bool(bool value, error_code&) { return add(Kind::boolean, value ? "true" : "false"); }
  bool on_null(error_code&) { return add(Kind::null, ""); }
  bool on_comment_part(string_view, error_code&) { return true; }
  bool on_comment(string_view, error_code&) { return true; }

  JsonEvents events;

 private:
  bool keep(string_view part) {
    parts_.append(part.data(), part.size());
    return true;
  }

  bool add(Kind kind, string_view last_part) {
    keep(last_part);
    events.push_back({kind, std::move(parts_)});
    parts_.clear();
    return true;
  }

  std::string parts_;
};

std::string utf8(unsigned point) {
  return {static_cast<char>(0xe0 | (point >> 12)), static_cast<char>(0x80 | ((point >> 6) & 0x3f)),
          static_cast<char>(0x80 | (point & 0x3f))};
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

/// Returns a private-use character that the text contains neither literally nor escaped.
unsigned unused_character(std::string_view text) {
  const std::string escapes = lower(text);
  for (unsigned point = 0xf000;; ++point)
    if (text.find(utf8(point)) == text.npos &&
        escapes.find(fmt::format("\\u{:04x}", point)) == text.npos)
      return point;
}

/// Returns the code unit of an escape `\uXXXX` at the beginning of `text`; 0 if there is none.
unsigned code_unit(std::string_view text) {
  if (text.size() < 6 || !text.starts_with("\\u")) return 0;
  const std::string digits(text.substr(2, 4));
  if (digits.find_first_not_of("0123456789abcdefABCDEF") != digits.npos) return 0;
  return static_cast<unsigned>(std::stoul(digits, nullptr, 16));
}

bool is_high(unsigned unit) { return unit >= 0xd800 && unit <= 0xdbff; }
bool is_low(unsigned unit) { return unit >= 0xdc00 && unit <= 0xdfff; }

/// Returns the text in a spelling that Boost.JSON accepts: a lone surrogate becomes the marker and
/// a private-use character.
std::string spelled_for_boost(std::string_view text, unsigned marker) {
  std::string out;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size();) {
    std::size_t length = 1;
    if (in_string && text[i] == '\\') {
      const unsigned unit = code_unit(text.substr(i));
      const bool is_pair = is_high(unit) && is_low(code_unit(text.substr(i + 6)));
      if ((is_high(unit) || is_low(unit)) && !is_pair) {
        out += fmt::format("\\u{:04x}\\u{:04x}", marker, unit - 0xd800 + 0xe000);
        i += 6;
        continue;
      }
      length = is_pair ? 12 : 2;
    } else if (text[i] == '"') {
      in_string = !in_string;
    } else if (!in_string && text[i] >= '0' && text[i] <= '9') {
      length = std::min(text.find_first_not_of("0123456789.eE+-", i), text.size()) - i;
      out += with_short_exponent(text.substr(i, length));
      i += length;
      continue;
    }
    out += text.substr(i, length);
    i += length;
  }
  return out;
}

/// Replaces the marker and the character after it by the bytes of WTF-8.
std::string with_surrogates(std::string text, unsigned marker) {
  const std::string mark = utf8(marker);
  for (std::size_t at = 0; (at = text.find(mark, at)) != text.npos; at += 3) {
    const auto second = static_cast<unsigned char>(text[at + 4]);
    const auto third = static_cast<unsigned char>(text[at + 5]);
    const unsigned point = 0xe000 | ((second & 0x3fu) << 6) | (third & 0x3fu);
    text.replace(at, 6, utf8(point - 0xe000 + 0xd800));
  }
  return text;
}

}  // namespace

std::string with_short_exponent(std::string_view number) {
  constexpr std::size_t kDigits = 7;
  const auto sign_at = std::min(number.find_first_of("eE"), number.size());
  const auto begin = std::min(number.find_first_not_of("eE+-", sign_at), number.size());
  const auto end = std::min(number.find_first_not_of("0123456789", begin), number.size());
  const auto first = std::min(number.find_first_not_of('0', begin), end);
  if (end - begin <= kDigits) return std::string(number);
  auto digits = std::string(number.substr(first, std::min(end - first, kDigits)));
  if (digits.empty()) digits = "0";
  return std::string(number.substr(0, begin)) + digits + std::string(number.substr(end));
}

std::optional<JsonEvents> json_events(std::string_view text, std::size_t max_depth) {
  const unsigned marker = unused_character(text);
  const std::string spelled = spelled_for_boost(text, marker);
  boost::json::parse_options options;
  options.max_depth = max_depth;
  boost::json::basic_parser<Collector> parser(options);
  error_code error;
  const auto read = parser.write_some(false, spelled.data(), spelled.size(), error);
  if (error || !parser.done() || read < spelled.size()) return std::nullopt;
  auto events = std::move(parser.handler().events);
  for (auto& event : events) event.text = with_surrogates(std::move(event.text), marker);
  return events;
}

}  // namespace attestrd::fuzz
