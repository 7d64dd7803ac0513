#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace attestrd {

/// The server of `api.url`.
struct Endpoint {
  enum class Kind : std::uint8_t { name, ipv4, ipv6 };

  std::string host;  ///< In lower case, an IPv6 address without its brackets. Never empty.
  std::uint16_t port = 443;
  Kind kind = Kind::name;

  bool is_address() const { return kind != Kind::name; }

  friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

/// Accepts `https://HOST`, `https://HOST:PORT` and either with one `/` behind, nothing else. HOST
/// is a DNS name (an international one in its `xn--` form), an IPv4 address, or an IPv6 address in
/// brackets. An error quotes nothing of the URL, which may hold a password.
Result<Endpoint> parse_endpoint(std::string_view url);

/// The value of the Host field (RFC 9110, 7.2): the port only where it is not 443.
std::string authority_of(const Endpoint& endpoint);

}  // namespace attestrd
