#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace attestrd {

/// A server: that of `api.url`, or the proxy.
struct Endpoint {
  enum class Kind : std::uint8_t { name, ipv4, ipv6 };

  std::string host;  ///< In lower case, an IPv6 address without its brackets. Never empty.
  std::uint16_t port = 443;
  Kind kind = Kind::name;

  bool is_address() const { return kind != Kind::name; }

  friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

/// Parses `https://HOST` or `https://HOST:PORT`, with at most one `/` after it, and rejects
/// everything else. HOST is a DNS name (an international one in its `xn--` form), an IPv4 address,
/// or an IPv6 address in brackets. Errors quote no part of the URL, which may hold a password.
Result<Endpoint> parse_endpoint(std::string_view url);

/// Parses `http://HOST:PORT`, the address of a forward proxy, with at most one `/` after it. HOST
/// is as above. Errors quote no part of it either.
Result<Endpoint> parse_proxy(std::string_view url);

/// Returns the value of the Host field (RFC 9110, 7.2), which has a port only if it is not 443.
std::string authority_of(const Endpoint& endpoint);

/// Returns the host and the port, as a request for a tunnel names them (RFC 9110, 9.3.6).
std::string host_and_port_of(const Endpoint& endpoint);

}  // namespace attestrd
