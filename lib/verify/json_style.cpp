#include "verify/json_style.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <string>
#include <system_error>
#include <vector>

#include "base/check.h"
#include "base/escape.h"
#include "base/text.h"
#include "json/decimal_number.h"
#include "json/ecmascript_number.h"
#include "json/json_scanner.h"
#include "json/json_string.h"

namespace attestrd {
namespace {

using Kind = JsonToken::Kind;
using Numbers = JsonStyle::Numbers;

constexpr JsonStyle kStyles[] = {
    {.name = "JavaScript JSON.stringify", .numbers = Numbers::ecmascript},
    {.name = "Python json.dumps",
     .comma = ", ",
     .colon = ": ",
     .numbers = Numbers::python,
     .escapes_non_ascii = true,
     .escapes_delete = true},
    {.name = "Python json.dumps, compact separators",
     .numbers = Numbers::python,
     .escapes_non_ascii = true,
     .escapes_delete = true},
    {.name = "Python json.dumps, ensure_ascii=False",
     .comma = ", ",
     .colon = ": ",
     .numbers = Numbers::python},
    {.name = "Python json.dumps, compact separators, ensure_ascii=False",
     .numbers = Numbers::python},
    {.name = "PHP json_encode",
     .numbers = Numbers::php,
     .escapes_slash = true,
     .escapes_non_ascii = true},
    {.name = "PHP json_encode, JSON_UNESCAPED_SLASHES",
     .numbers = Numbers::php,
     .escapes_non_ascii = true},
    {.name = "PHP json_encode, JSON_UNESCAPED_UNICODE",
     .numbers = Numbers::php,
     .escapes_slash = true,
     .escapes_separators = true},
    {.name = "PHP json_encode, JSON_UNESCAPED_SLASHES, JSON_UNESCAPED_UNICODE",
     .numbers = Numbers::php,
     .escapes_separators = true},
    {.name = "Java Jackson", .numbers = Numbers::java, .has_upper_hex = true},
    {.name = "Java Gson", .escapes_separators = true, .escapes_html = true, .omits_null = true},
    {.name = "Java Gson, serializeNulls", .escapes_separators = true, .escapes_html = true},
    {.name = "Java Gson, disableHtmlEscaping", .escapes_separators = true, .omits_null = true},
    {.name = "Java Gson, serializeNulls, disableHtmlEscaping", .escapes_separators = true},
};

/// The layout of a floating-point number: shortest digits that read back as the same double.
struct FloatLayout {
  std::int64_t least_point;  ///< Outside of these decimal points there is an exponent.
  std::int64_t most_point;
  bool has_fraction;  ///< `1.0e+25` instead of `1e+25`.
  std::string_view exponent;
  std::string_view positive_sign;
  int exponent_digits;
};

constexpr FloatLayout kPython{-3, 16, false, "e", "+", 2};
constexpr FloatLayout kPhp{-3, 17, true, "e", "+", 1};
constexpr FloatLayout kJava{-2, 7, true, "E", "", 1};

std::string with_exponent(const DecimalNumber& number, const FloatLayout& layout) {
  std::string text = number.digits.substr(0, 1);
  if (number.digits.size() > 1) text += '.' + number.digits.substr(1);
  if (number.digits.size() == 1 && layout.has_fraction) text += ".0";
  const std::int64_t power = number.point() - 1;
  return text + fmt::format("{}{}{:0{}}", layout.exponent, power < 0 ? "-" : layout.positive_sign,
                            power < 0 ? -power : power, layout.exponent_digits);
}

std::string without_exponent(const DecimalNumber& number, bool has_fraction) {
  const auto point = number.point();
  std::string digits = number.digits;
  if (number.exponent > 0) digits.append(static_cast<std::size_t>(number.exponent), '0');
  if (digits.empty()) digits = "0";
  if (number.exponent >= 0) return has_fraction ? digits + ".0" : digits;
  if (point <= 0) return "0." + std::string(static_cast<std::size_t>(-point), '0') + digits;
  return digits.insert(static_cast<std::size_t>(point), ".");
}

/// Returns whether the library keeps the number as an integer. PHP makes a double of one that has
/// more than 64 bits.
bool is_kept_as_integer(std::string_view token, Numbers numbers) {
  std::int64_t value = 0;
  const char* const end = token.data() + token.size();
  return is_integer_literal(token) &&
         (numbers != Numbers::php || std::from_chars(token.data(), end, value).ec == std::errc{});
}

std::string written_number(std::string_view token, Numbers numbers) {
  if (numbers == Numbers::unchanged) return std::string(token);
  const EcmascriptNumber shortest(token);
  if (numbers == Numbers::ecmascript || shortest.view() == "null")
    return std::string(shortest.view());
  if (is_kept_as_integer(token, numbers)) return std::string(token == "-0" ? "0" : token);
  const FloatLayout& layout =
      numbers == Numbers::python ? kPython : (numbers == Numbers::php ? kPhp : kJava);
  const DecimalNumber number(shortest.view());
  const bool is_plain = number.digits.empty() || (number.point() >= layout.least_point &&
                                                  number.point() <= layout.most_point);
  const std::string text =
      is_plain ? without_exponent(number, numbers != Numbers::php) : with_exponent(number, layout);
  return (token.starts_with('-') ? "-" : "") + text;
}

/// A writer of one text, by its tokens.
class StyledWriter {
 public:
  StyledWriter(std::string_view json, const JsonStyle& style, bool sorts_keys, const ByteSink& sink)
      : style_(style), sorts_keys_(sorts_keys), sink_(sink) {
    JsonScanner scanner(json);
    for (JsonToken token = scanner.next(); token.kind != Kind::end; token = scanner.next()) {
      ATTESTRD_CHECK(token.kind != Kind::fault);
      tokens_.push_back(token);
    }
  }

  void run() { write_value(0); }

 private:
  struct Member {
    std::string key;  ///< Unescaped.
    std::size_t value;
  };

  /// Writes the value that begins at a token. Returns the token after it.
  std::size_t write_value(std::size_t at);
  std::size_t write_array(std::size_t at);
  std::size_t write_object(std::size_t at);
  std::size_t skip_value(std::size_t at) const;
  void write_string(std::string_view raw);
  void append(std::string& text, char32_t point) const;
  void append_unit(std::string& text, char16_t unit) const;
  bool is_escaped(char32_t point) const;

  const JsonStyle& style_;
  bool sorts_keys_;
  const ByteSink& sink_;
  std::vector<JsonToken> tokens_;
};

std::size_t StyledWriter::write_value(std::size_t at) {
  const JsonToken& token = tokens_[at];
  switch (token.kind) {
    case Kind::begin_object: return write_object(at + 1);
    case Kind::begin_array: return write_array(at + 1);
    case Kind::string: write_string(token.text); break;
    case Kind::number: sink_(written_number(token.text, style_.numbers)); break;
    default: sink_(token.text);
  }
  return at + 1;
}

std::size_t StyledWriter::write_array(std::size_t at) {
  sink_("[");
  for (bool is_first = true; tokens_[at].kind != Kind::end_array; is_first = false) {
    if (!is_first) sink_(style_.comma);
    at = write_value(at);
  }
  sink_("]");
  return at + 1;
}

std::size_t StyledWriter::write_object(std::size_t at) {
  std::vector<Member> members;
  while (tokens_[at].kind != Kind::end_object) {
    const bool is_omitted = style_.omits_null && tokens_[at + 1].kind == Kind::null;
    if (!is_omitted) members.push_back({unescape_json_string(tokens_[at].text), at + 1});
    at = skip_value(at + 1);
  }
  if (sorts_keys_) std::ranges::sort(members, {}, &Member::key);
  sink_("{");
  for (const Member& member : members) {
    if (&member != &members.front()) sink_(style_.comma);
    write_string(tokens_[member.value - 1].text);
    sink_(style_.colon);
    write_value(member.value);
  }
  sink_("}");
  return at + 1;
}

std::size_t StyledWriter::skip_value(std::size_t at) const {
  std::size_t depth = 0;
  do {
    const Kind kind = tokens_[at++].kind;
    if (kind == Kind::begin_object || kind == Kind::begin_array) ++depth;
    if (kind == Kind::end_object || kind == Kind::end_array) --depth;
  } while (depth > 0);
  return at;
}

void StyledWriter::write_string(std::string_view raw) {
  std::string text = "\"";
  for (std::size_t position = 0; position < raw.size();) {
    char32_t point = 0;
    if (raw[position] == '\\') {
      point = decode_json_escape(raw, position);
    } else {
      const std::size_t length = utf8_length(raw.substr(position));
      point = utf8_point(raw.substr(position, length));
      position += length;
    }
    append(text, point);
  }
  sink_(text += '"');
}

void StyledWriter::append(std::string& text, char32_t point) const {
  if (!is_escaped(point)) {
    std::array<char, 4> bytes;
    text.append(bytes.data(), put_utf8(point, bytes.data()));
  } else if (point > 0xffff) {
    append_unit(text, static_cast<char16_t>(0xd800 + ((point - 0x10000) >> 10)));
    append_unit(text, static_cast<char16_t>(0xdc00 + (point & 0x3ff)));
  } else {
    append_unit(text, static_cast<char16_t>(point));
  }
}

void StyledWriter::append_unit(std::string& text, char16_t unit) const {
  if (unit == '/') {
    text += "\\/";
    return;
  }
  std::string escape(Escape(unit, EscapeForm::json_short).view());
  if (style_.has_upper_hex && escape.size() == 6)
    std::transform(escape.begin() + 2, escape.end(), escape.begin() + 2,
                   [](char c) { return c >= 'a' ? static_cast<char>(c - 0x20) : c; });
  text += escape;
}

bool StyledWriter::is_escaped(char32_t point) const {
  constexpr std::string_view kHtml = "<>&='";
  const bool is_surrogate = point >= 0xd800 && point <= 0xdfff;
  if (point < 0x20 || point == '"' || point == '\\' || is_surrogate) return true;
  if (point == '/') return style_.escapes_slash;
  if (point == 0x7f) return style_.escapes_delete;
  if (point == 0x2028 || point == 0x2029)
    return style_.escapes_separators || style_.escapes_non_ascii;
  if (point > 0x7f) return style_.escapes_non_ascii;
  return style_.escapes_html && kHtml.find(static_cast<char>(point)) != std::string_view::npos;
}

}  // namespace

std::span<const JsonStyle> json_styles() { return kStyles; }

void write_json(std::string_view json, const JsonStyle& style, bool sorts_keys,
                const ByteSink& sink) {
  StyledWriter(json, style, sorts_keys, sink).run();
}

}  // namespace attestrd
