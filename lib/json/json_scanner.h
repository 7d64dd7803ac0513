#pragma once

#include <bitset>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "base/limits.h"

namespace attestrd {

/// The reason why a text was refused.
enum class JsonFault : std::uint8_t {
  none,
  syntax,         ///< It violates the grammar of RFC 8259, or continues after its value.
  utf8,           ///< A string holds bytes that are not UTF-8 (RFC 3629).
  depth,          ///< It nests deeper than max_depth.
  not_object,     ///< It is another value where an object is required.
  duplicate_key,  ///< The text is valid, but an object has a key twice, or a twin of one.
};

/// A token of a JSON text.
struct JsonToken {
  enum class Kind : std::uint8_t {
    begin_object,
    end_object,
    begin_array,
    end_array,
    key,
    string,
    number,
    boolean,
    null,
    end,    ///< The text has ended and is valid.
    fault,  ///< The text is not valid: see `JsonScanner::fault()`.
  };
  Kind kind{};
  std::string_view text;  ///< A slice of the text; a key or a string without its quotes.
};

/// A scanner that reads a JSON text (RFC 8259) token by token, in one pass and in linear time, with
/// neither allocation nor recursion. It is strict: no byte order mark, nothing after the value but
/// white space, strings in valid UTF-8. Escaped lone surrogates are accepted: the grammar allows
/// them. Duplicate keys are not detected here: see json_object.h.
// More than 20 methods: one for each production of the grammar.
class JsonScanner {
 public:
  /// `max_depth` must be at most limits::kRecordDepth.
  explicit JsonScanner(std::string_view text, std::size_t max_depth = limits::kJsonDepth)
      : text_(text), max_depth_(max_depth) {
    ATTESTRD_CHECK(max_depth <= limits::kRecordDepth);
  }

  /// Returns the next token. After `end` or `fault` every call returns the same token again.
  JsonToken next();

  /// Returns the number of arrays and objects that are open.
  std::size_t depth() const { return depth_; }

  JsonFault fault() const { return fault_; }

  /// Continues at another position in the innermost open object: at the opening quote of a key or
  /// at the closing brace. Allowed only for a text that an earlier pass has found valid.
  void resume_at(std::size_t offset);

 private:
  enum class Expect : std::uint8_t {
    value,
    value_or_end,
    key,
    key_or_end,
    comma_or_end,
    nothing,
    failed,
  };

  bool sees(char c) const { return position_ < text_.size() && text_[position_] == c; }
  bool sees_digit() const;
  bool in_object() const { return is_object_[depth_ - 1]; }
  void skip_space();
  void skip_plain();
  bool skip_escape();
  bool skip_utf8();
  bool skip_digits();
  JsonToken open(bool is_object);
  JsonToken close();
  JsonToken scan_key();
  JsonToken scan_value();
  JsonToken scan_string(JsonToken::Kind kind);
  JsonToken scan_number();
  JsonToken scan_literal(std::string_view literal, JsonToken::Kind kind);
  JsonToken after_value(JsonToken token);
  JsonToken fail(JsonFault fault);

  std::string_view text_;
  std::size_t max_depth_;
  std::size_t position_ = 0;
  std::size_t depth_ = 0;
  Expect expect_ = Expect::value;
  JsonFault fault_ = JsonFault::none;
  std::bitset<limits::kRecordDepth> is_object_;  ///< True for an object, false for an array.
};

}  // namespace attestrd
