#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace attestrd::simulator {

enum class Layout { compact, pretty };

/// A JSON value that knows two spellings of itself: the one on the wire, which may be odd but
/// legal (`1.50`, `"\u0041"`), and the one that ECMAScript's `JSON.stringify(JSON.parse(wire))`
/// has. Each odd literal is written down with both, so nothing here parses or formats numbers: a
/// bug of the program under test can't be repeated here.
class SpelledJson {
 public:
  static SpelledJson null() { return spelled("null"); }
  static SpelledJson boolean(bool value) { return spelled(value ? "true" : "false"); }

  /// A string, from UTF-8, with the escapes that JSON.stringify would use.
  static SpelledJson string(std::string_view utf8);

  /// Any scalar, quotes included. Both spellings are the same when one is given.
  static SpelledJson spelled(std::string wire) { return spelled(wire, wire); }
  static SpelledJson spelled(std::string wire, std::string stringified);

  static SpelledJson object() { return SpelledJson(Kind::object); }
  static SpelledJson array() { return SpelledJson(Kind::array); }

  /// Objects keep the order in which members came; a key given twice stands there twice. Keys
  /// must need no escapes.
  SpelledJson& add(std::string key, SpelledJson value);
  SpelledJson& push(SpelledJson value) { return add("", std::move(value)); }

  /// `depth` is how deep in a pretty text this value will stand.
  std::string wire(Layout layout, int depth = 0) const;

  /// Objects have integer-like keys first, in rising order (ECMA-262, OrdinaryOwnPropertyKeys).
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
