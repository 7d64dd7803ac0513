#include "spelled_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <iterator>
#include <limits>
#include <optional>

namespace attestrd::simulator {
namespace {

void append_escaped(std::string& out, char c) {
  switch (c) {
    case '"': out += "\\\""; return;
    case '\\': out += "\\\\"; return;
    case '\b': out += "\\b"; return;
    case '\f': out += "\\f"; return;
    case '\n': out += "\\n"; return;
    case '\r': out += "\\r"; return;
    case '\t': out += "\\t"; return;
  }
  if (static_cast<unsigned char>(c) < 0x20)
    fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned>(c));
  else
    out += c;
}

/// Returns the value of a key that is an array index in ECMAScript: 0 to 2^32 - 2, no leading zero.
std::optional<std::uint32_t> index_of(const std::string& key) {
  std::uint32_t value = 0;
  const char* const end = key.data() + key.size();
  const auto [stop, error] = std::from_chars(key.data(), end, value);
  const bool leading_zero = key.size() > 1 && key[0] == '0';
  if (error != std::errc() || stop != end || leading_zero) return std::nullopt;
  if (value == std::numeric_limits<std::uint32_t>::max()) return std::nullopt;
  return value;
}

void new_line(std::string& out, Layout layout, int depth) {
  if (layout == Layout::compact) return;
  out += '\n';
  out.append(static_cast<std::size_t>(depth) * 2, ' ');
}

void write_key(std::string& out, const std::string& key) {
  out += '"';
  out += key;
  out += "\":";
}

}  // namespace

SpelledJson SpelledJson::string(std::string_view utf8) {
  std::string quoted = "\"";
  for (const char c : utf8) append_escaped(quoted, c);
  quoted += '"';
  return spelled(std::move(quoted));
}

SpelledJson SpelledJson::spelled(std::string wire, std::string stringified) {
  SpelledJson value(Kind::scalar);
  value.wire_ = std::move(wire);
  value.stringified_ = std::move(stringified);
  return value;
}

SpelledJson& SpelledJson::add(std::string key, SpelledJson value) {
  members_.emplace_back(std::move(key), std::move(value));
  return *this;
}

std::string SpelledJson::wire(Layout layout, int depth) const {
  std::string out;
  write(out, layout, depth);
  return out;
}

std::string SpelledJson::stringify() const {
  std::string out;
  write_stringified(out);
  return out;
}

void SpelledJson::write(std::string& out, Layout layout, int depth) const {
  if (kind_ == Kind::scalar) {
    out += wire_;
    return;
  }
  out += kind_ == Kind::object ? '{' : '[';
  bool first = true;
  for (const auto& [key, value] : members_) {
    if (!std::exchange(first, false)) out += ',';
    new_line(out, layout, depth + 1);
    if (kind_ == Kind::object) {
      write_key(out, key);
      if (layout == Layout::pretty) out += ' ';
    }
    value.write(out, layout, depth + 1);
  }
  if (!members_.empty()) new_line(out, layout, depth);
  out += kind_ == Kind::object ? '}' : ']';
}

void SpelledJson::write_stringified(std::string& out) const {
  if (kind_ == Kind::scalar) {
    out += stringified_;
    return;
  }
  std::vector<const Member*> ordered;
  for (const Member& member : members_) ordered.push_back(&member);
  if (kind_ == Kind::object) {
    std::stable_sort(ordered.begin(), ordered.end(), [](const Member* a, const Member* b) {
      const auto a_index = index_of(a->first);
      const auto b_index = index_of(b->first);
      if (a_index && b_index) return *a_index < *b_index;
      return a_index.has_value() && !b_index.has_value();
    });
  }
  out += kind_ == Kind::object ? '{' : '[';
  bool first = true;
  for (const Member* member : ordered) {
    if (!std::exchange(first, false)) out += ',';
    if (kind_ == Kind::object) write_key(out, member->first);
    member->second.write_stringified(out);
  }
  out += kind_ == Kind::object ? '}' : ']';
}

}  // namespace attestrd::simulator
