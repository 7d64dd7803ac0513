#pragma once

#include <concepts>
#include <cstddef>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "base/escape.h"
#include "base/rfc3339.h"
#include "base/time.h"

namespace attestrd {

/// A writer that appends a JSON object to a string, member by member, in the order of the calls and
/// without white space. Unlike Boost.JSON it can copy members byte for byte. Keys are constants of
/// the program that need no escapes.
class JsonWriter {
 public:
  /// `out` must outlive the writer. `escapes` applies to the strings of text().
  explicit JsonWriter(std::string& out, const EscapePolicy& escapes = kJsonEscapes)
      : out_(out), escapes_(escapes) {}

  /// Opens the outermost object.
  void begin_object();

  /// Opens an object as a member of the innermost open object.
  void begin_object(std::string_view key);

  void end_object();

  /// Writes a string member with the value `value`.
  void text(std::string_view key, std::string_view value);

  /// Writes a string member. `inside` is the text between its quotes, which is copied unchanged,
  /// escapes included.
  void spelled_text(std::string_view key, std::string_view inside);

  /// Opens a string member. Until end_text(), the caller appends the text between its quotes to
  /// `out`, escapes included.
  void begin_text(std::string_view key);

  void end_text();

  /// Writes a member. `value` is a JSON value, which is copied unchanged.
  void raw(std::string_view key, std::string_view value);

  void number(std::string_view key, std::integral auto value) {
    raw(key, std::string_view(fmt::format_int(value).c_str()));
  }

  /// Writes a time as a string member: see append_rfc3339().
  void time(std::string_view key, Wall value, TimePrecision precision);

 private:
  void put_key(std::string_view key);

  std::string& out_;
  const EscapePolicy& escapes_;
  bool comma_is_due_ = false;
};

}  // namespace attestrd
