#include "http/endpoint.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <system_error>

#include "base/text.h"

namespace attestrd {
namespace {

constexpr std::string_view kScheme = "https://";
constexpr std::string_view kProxyScheme = "http://";
constexpr std::uint16_t kDefaultPort = 443;
constexpr std::size_t kNameBytes = 253;  // RFC 1035, 2.3.4, without the dot of the root.
constexpr std::size_t kLabelBytes = 63;

/// Returns the error of a URL. Its setting is named by the caller.
Error bad_url(std::string_view what) { return fail(Errc::invalid_config, std::string(what)); }

bool is_label(std::string_view label) {
  constexpr CharSet kAllowed = kLowerLetters | kDigits | CharSet("-");
  return !label.empty() && label.size() <= kLabelBytes && label.front() != '-' &&
         label.back() != '-' && kAllowed.contains_all(label);
}

bool is_name(std::string_view host) {
  if (host.size() > kNameBytes) return false;
  for (std::size_t dot = 0; (dot = host.find('.')) != host.npos; host.remove_prefix(dot + 1)) {
    if (!is_label(host.substr(0, dot))) return false;
  }
  return is_label(host);
}

/// Returns whether the last label is a number, as in `127.1` and `10.0.0.256`. Such a host is not a
/// name: resolvers read the former as an address.
bool ends_in_number(std::string_view host) {
  return kDigits.contains_all(host.substr(host.rfind('.') + 1));
}

bool is_address(int family, const std::string& text) {
  if (text.find('\0') != text.npos) return false;  // inet_pton() would ignore the rest.
  in6_addr any{};
  return inet_pton(family, text.c_str(), &any) == 1;
}

std::optional<Endpoint::Kind> kind_of(const std::string& host) {
  if (is_address(AF_INET, host)) return Endpoint::Kind::ipv4;
  if (is_name(host) && !ends_in_number(host)) return Endpoint::Kind::name;
  return std::nullopt;
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, port);
  if (error != std::errc{} || stop != end || port == 0) return std::nullopt;
  return port;
}

Result<Endpoint> parse_host(std::string host, bool bracketed) {
  if (host.empty()) return bad_url("has no host");
  std::ranges::transform(host, host.begin(), to_lower);
  if (bracketed) {
    if (!is_address(AF_INET6, host)) return bad_url("holds no IPv6 address between its brackets");
    return Endpoint{std::move(host), kDefaultPort, Endpoint::Kind::ipv6};
  }
  const auto kind = kind_of(host);
  if (!kind) {
    return bad_url(
        "the host must be a DNS name (an international one in its xn-- form), an IPv4 address, or "
        "an IPv6 address in brackets");
  }
  return Endpoint{std::move(host), kDefaultPort, *kind};
}

/// Parses `HOST` or `HOST:PORT`.
Result<Endpoint> parse_authority(std::string_view text) {
  const bool bracketed = text.starts_with('[');
  const auto end = bracketed ? text.find(']') : text.find(':');
  if (bracketed && end == text.npos) return bad_url("a ']' is missing behind the IPv6 address");
  const auto host = bracketed ? text.substr(1, end - 1) : text.substr(0, end);
  const auto rest = end == text.npos ? std::string_view{} : text.substr(bracketed ? end + 1 : end);

  auto endpoint = parse_host(std::string(host), bracketed);
  if (!endpoint || rest.empty()) return endpoint;
  const auto port = rest.starts_with(':') ? parse_port(rest.substr(1)) : std::nullopt;
  if (!port) return bad_url("behind the host may only stand a port, e.g. :8443, from 1 to 65535");
  endpoint->port = *port;
  return endpoint;
}

std::string bracketed_host(const Endpoint& endpoint) {
  return endpoint.kind == Endpoint::Kind::ipv6 ? '[' + endpoint.host + ']' : endpoint.host;
}

bool has_scheme(std::string_view url, std::string_view scheme) {
  return equal_ignoring_case(url.substr(0, scheme.size()), scheme);
}

/// Parses what follows the scheme of a URL that has neither a user nor a path.
Result<Endpoint> parse_rest(std::string_view rest, std::string_view where_secrets_belong) {
  if (rest.find('@') != rest.npos) {
    return bad_url("must not hold a user or a password; " + std::string(where_secrets_belong));
  }
  if (rest.ends_with('/')) rest.remove_suffix(1);
  if (rest.find_first_of("/?#") != rest.npos) {
    return bad_url("must end behind the host or the port: no path, no query, no fragment");
  }
  return parse_authority(rest);
}

Result<Endpoint> with_name(std::string_view setting, Result<Endpoint> endpoint) {
  if (endpoint) return endpoint;
  return fail(endpoint.error().code, std::string(setting) + ": " + endpoint.error().message);
}

}  // namespace

Result<Endpoint> parse_endpoint(std::string_view url) {
  constexpr std::string_view kSetting = "api.url";
  if (!has_scheme(url, kScheme)) return with_name(kSetting, bad_url("must begin with https://"));
  return with_name(
      kSetting, parse_rest(url.substr(kScheme.size()), "the token belongs in api.auth_token_file"));
}

Result<Endpoint> parse_proxy(std::string_view url) {
  constexpr std::string_view kSetting = "api.proxy";
  if (!has_scheme(url, kProxyScheme)) {
    return with_name(kSetting,
                     bad_url("must begin with http://: the tunnel through the proxy is encrypted"));
  }
  auto endpoint =
      parse_rest(url.substr(kProxyScheme.size()), "these belong in api.proxy_auth_file");
  const auto colon = url.rfind(':');
  const bool has_port = colon > kProxyScheme.size() && url.find(']', colon) == url.npos;
  if (endpoint && !has_port) {
    return with_name(kSetting,
                     bad_url("must end with a port, as in http://proxy.example.com:3128"));
  }
  return with_name(kSetting, std::move(endpoint));
}

std::string authority_of(const Endpoint& endpoint) {
  if (endpoint.port == kDefaultPort) return bracketed_host(endpoint);
  return host_and_port_of(endpoint);
}

std::string host_and_port_of(const Endpoint& endpoint) {
  return bracketed_host(endpoint) + ':' + std::to_string(endpoint.port);
}

}  // namespace attestrd
