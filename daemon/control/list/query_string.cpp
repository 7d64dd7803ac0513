#include "daemon/control/list/query_string.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/text.h"

namespace attestrd {
namespace {

constexpr CharSet kPlain = kLettersAndDigits | CharSet("-._~");  // "Unreserved" in RFC 3986.

std::optional<std::string> decoded(std::string_view text) {
  std::string plain;
  while (!text.empty()) {
    if (text.front() != '%') {
      plain += text.front();
      text.remove_prefix(1);
      continue;
    }
    unsigned char byte = 0;
    if (text.size() < 3) return std::nullopt;
    const auto [end, error] = std::from_chars(text.data() + 1, text.data() + 3, byte, 16);
    if (error != std::errc() || end != text.data() + 3) return std::nullopt;
    plain += static_cast<char>(byte);
    text.remove_prefix(3);
  }
  return plain;
}

}  // namespace

Result<QueryParameters> parse_query(std::string_view target) {
  QueryParameters parameters;
  const auto begin = target.find('?');
  target.remove_prefix(begin == target.npos ? target.size() : begin + 1);
  while (!target.empty()) {
    const auto part = target.substr(0, target.find('&'));
    target.remove_prefix(std::min(part.size() + 1, target.size()));
    const auto equals = std::min(part.find('='), part.size());
    const auto name = decoded(part.substr(0, equals));
    const auto value = decoded(part.substr(std::min(equals + 1, part.size())));
    if (!name || !value || equals == part.size())
      return fail(Errc::invalid_input, "the query is not of the form name=value&name=value");
    const auto is_same = [&name](const auto& other) { return other.first == *name; };
    if (std::ranges::any_of(parameters, is_same))
      return fail(Errc::invalid_input, "the query has a parameter twice");
    parameters.emplace_back(*name, *value);
  }
  return parameters;
}

std::string query_encoded(std::string_view text) {
  std::string encoded;
  for (const char c : text) {
    if (kPlain.contains(c))
      encoded += c;
    else
      encoded += fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return encoded;
}

}  // namespace attestrd
