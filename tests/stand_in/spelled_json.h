#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace attestrd::simulator {

enum class Layout { compact, pretty };

/// A JSON value with two texts: the one in the answer, which may be unusual but is valid (`1.50`,
/// `"\u0041"`), and that of ECMAScript's `JSON.stringify(JSON.parse(text))`. Each unusual literal
/// is given with both texts, so that this class neither parses nor formats numbers and can't repeat
/// a fault of the program under test.
class SpelledJson {
 public:
  static SpelledJson null() { return spelled("null"); }
  static SpelledJson boolean(bool value) { return spelled(value ? "true" : "false"); }

  /// Returns a string from UTF-8 with the escapes of JSON.stringify.
  static SpelledJson string(std::string_view utf8);

  /// Returns any scalar, including quotes. If one text is given, both are equal.
  static SpelledJson spelled(std::string wire) { return spelled(wire, wire); }
  static SpelledJson spelled(std::string wire, std::string stringified);

  static SpelledJson object() { return SpelledJson(Kind::object); }
  static SpelledJson array() { return SpelledJson(Kind::array); }

  /// Adds a member. Objects keep the order of insertion, and duplicate keys. Keys must not need
  /// escapes.
  SpelledJson& add(std::string key, SpelledJson value);
  SpelledJson& push(SpelledJson value) { return add("", std::move(value)); }

  /// Returns the text in the answer. `depth`: the depth of this value in an indented text.
  std::string wire(Layout layout, int depth = 0) const;

  /// Returns the text of JSON.stringify. Integer-like keys of objects come first, in ascending
  /// order (ECMA-262, OrdinaryOwnPropertyKeys).
  std::string stringify() const;

 private:
  enum class Kind { scalar, object, array };
  using Member = std::pair<std::string, SpelledJson>;

  explicit SpelledJson(Kind kind) : kind_(kind) {}

  void write(std::string& out, Layout layout, int depth) const;
  void write_stringified(std::string& out) const;

  Kind kind_;
  std::string wire_;
  std::string stringified_;
  std::vector<Member> members_;
};

}  // namespace attestrd::simulator
