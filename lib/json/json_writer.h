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

/// Appends a JSON object to a string, member by member, in the order of the calls and without white
/// space. It can hold what Boost.JSON can't: members that are copied byte for byte. Keys are
/// constants of the program that need no escapes.
class JsonWriter {
 public:
  /// `out` outlives the writer. `escapes` is for the strings of text().
  explicit JsonWriter(std::string& out, const EscapePolicy& escapes = kJsonEscapes)
      : out_(out), escapes_(escapes) {}

  /// Opens the outermost object.
  void begin_object();

  /// Opens an object that is a member of the one that is open.
  void begin_object(std::string_view key);

  void end_object();

  /// A string that says `value`.
  void text(std::string_view key, std::string_view value);

  /// A string whose inside, escapes included, is `inside` as it stands.
  void spelled_text(std::string_view key, std::string_view inside);

  /// A JSON value, as it stands.
  void raw(std::string_view key, std::string_view value);

  void number(std::string_view key, std::integral auto value) {
    raw(key, std::string_view(fmt::format_int(value).c_str()));
  }

  /// A string: see append_rfc3339().
  void time(std::string_view key, Wall value, TimePrecision precision);

 private:
  void put_key(std::string_view key);

  std::string& out_;
  const EscapePolicy& escapes_;
  bool comma_is_due_ = false;
};

}  // namespace attestrd
