#include "fuzz/json_tree.h"

#include <fmt/format.h>
#include <fmt/printf.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <set>
#include <utility>

namespace attestrd::fuzz {
namespace {

using Kind = JsonEvent::Kind;

JsonTree take_tree(const JsonEvents& events, std::size_t& at) {
  JsonTree tree{events.at(at++), {}, {}};
  if (tree.token.kind == Kind::begin_object) {
    while (events.at(at).kind != Kind::end_object) {
      const auto& key = events.at(at++).text;
      tree.members.push_back({key, take_tree(events, at)});
    }
    ++at;
  } else if (tree.token.kind == Kind::begin_array) {
    while (events.at(at).kind != Kind::end_array) tree.elements.push_back(take_tree(events, at));
    ++at;
  }
  return tree;
}

void put_events(JsonEvents& events, const JsonTree& tree) {
  events.push_back(tree.token);
  for (const auto& [key, value] : tree.members) {
    events.push_back({Kind::key, key});
    put_events(events, value);
  }
  for (const auto& element : tree.elements) put_events(events, element);
  if (tree.token.kind == Kind::begin_object) events.push_back({Kind::end_object, ""});
  if (tree.token.kind == Kind::begin_array) events.push_back({Kind::end_array, ""});
}

/// Returns the fewest digits that read back as the same value, and the exponent of the first digit.
std::pair<std::string, int> shortest_digits(double value) {
  for (int precision = 0;; ++precision) {
    const std::string text = fmt::sprintf("%.*e", precision, value);
    if (std::strtod(text.c_str(), nullptr) != value) continue;
    const auto e = text.find('e');
    std::string digits = text.substr(0, e);
    std::erase(digits, '.');
    return {digits, std::atoi(text.c_str() + e + 1)};
  }
}

/// Returns Number::toString (ECMA-262, 6.1.6.1.20), with the variable names of the standard.
std::string ecmascript_number(const std::string& token) {
  const double value = std::strtod(token.c_str(), nullptr);
  if (std::isinf(value)) return "null";
  if (value == 0) return "0";
  const auto [digits, exponent] = shortest_digits(std::abs(value));
  const std::string sign = value < 0 ? "-" : "";
  const int k = static_cast<int>(digits.size());
  const int n = exponent + 1;
  if (n > 21 || n < -5) {
    const std::string fraction = k > 1 ? "." + digits.substr(1) : "";
    return fmt::format("{}{}{}e{:+}", sign, digits[0], fraction, n - 1);
  }
  if (n <= 0) return sign + "0." + std::string(static_cast<std::size_t>(-n), '0') + digits;
  if (k <= n) return sign + digits + std::string(static_cast<std::size_t>(n - k), '0');
  return sign + digits.substr(0, static_cast<std::size_t>(n)) + "." +
         digits.substr(static_cast<std::size_t>(n));
}

std::string in_quotes(const std::string& text) {
  static const std::map<char, std::string> kShort = {{'"', "\\\""}, {'\\', "\\\\"}, {'\b', "\\b"},
                                                     {'\f', "\\f"}, {'\n', "\\n"},  {'\r', "\\r"},
                                                     {'\t', "\\t"}};
  std::string out = "\"";
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (const auto found = kShort.find(text[i]); found != kShort.end()) {
      out += found->second;
    } else if (byte < 0x20) {
      out += fmt::format("\\u{:04x}", byte);
    } else if (byte == 0xed && static_cast<unsigned char>(text[i + 1]) >= 0xa0) {
      const auto second = static_cast<unsigned char>(text[i + 1]);
      const auto third = static_cast<unsigned char>(text[i + 2]);
      out += fmt::format("\\u{:04x}", 0xd000 | ((second & 0x3fu) << 6) | (third & 0x3fu));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out + '"';
}

/// Returns whether a key is an array index, which an object enumerates first.
bool is_index(const std::string& key) {
  if (key.empty() || key.size() > 10 || key.find_first_not_of("0123456789") != key.npos) {
    return false;
  }
  return std::to_string(std::stoull(key)) == key && std::stoull(key) < 0xffffffff;
}

void put_text(std::string& out, const JsonTree& tree);

void put_object(std::string& out, const JsonTree& tree) {
  std::map<std::uint64_t, const JsonTree*> indices;
  for (const auto& [key, value] : tree.members)
    if (is_index(key)) indices[std::stoull(key)] = &value;
  const char* comma = "";
  const auto put = [&](const std::string& key, const JsonTree& value) {
    out += std::exchange(comma, ",");
    out += in_quotes(key) + ':';
    put_text(out, value);
  };
  out += '{';
  for (const auto& [index, value] : indices) put(std::to_string(index), *value);
  for (const auto& [key, value] : tree.members)
    if (!is_index(key)) put(key, value);
  out += '}';
}

void put_text(std::string& out, const JsonTree& tree) {
  switch (tree.token.kind) {
    case Kind::begin_object: return put_object(out, tree);
    case Kind::begin_array:
      out += '[';
      for (const auto& element : tree.elements) {
        if (&element != tree.elements.data()) out += ',';
        put_text(out, element);
      }
      out += ']';
      return;
    case Kind::string: out += in_quotes(tree.token.text); return;
    case Kind::number: out += ecmascript_number(tree.token.text); return;
    case Kind::null: out += "null"; return;
    default: out += tree.token.text;
  }
}

}  // namespace

JsonTree json_tree(const JsonEvents& events) {
  std::size_t at = 0;
  return take_tree(events, at);
}

JsonEvents json_events_of(const JsonTree& tree) {
  JsonEvents events;
  put_events(events, tree);
  return events;
}

bool repeats_a_key(const JsonTree& tree) {
  std::set<std::string> keys;
  for (const auto& [key, value] : tree.members)
    if (!keys.insert(key).second || repeats_a_key(value)) return true;
  return std::ranges::any_of(tree.elements, repeats_a_key);
}

std::string stringified(const JsonTree& tree) {
  std::string out;
  put_text(out, tree);
  return out;
}

}  // namespace attestrd::fuzz
