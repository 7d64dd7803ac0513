#include "http/router.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <optional>

#include "base/text.h"

namespace attestrd {
namespace {

constexpr std::string_view kParameter = "{}";
constexpr std::string_view kScheme = "http://";

bool is_address(int family, std::string_view text) {
  if (text.find('\0') != text.npos) return false;  // inet_pton() would ignore the rest.
  in6_addr any{};
  return inet_pton(family, std::string(text).c_str(), &any) == 1;
}

/// Returns whether the text is empty, or a colon and a port.
bool is_port(std::string_view text) {
  return text.empty() || (text.front() == ':' && kDigits.contains_all(text.substr(1)));
}

/// Returns the part of `target` that `{}` in `path` stands for, or nothing if they do not match.
std::optional<std::string_view> match(std::string_view path, std::string_view target) {
  if (!path.ends_with(kParameter)) {
    return path == target ? std::optional(std::string_view()) : std::nullopt;
  }
  path.remove_suffix(kParameter.size());
  if (!target.starts_with(path)) return std::nullopt;
  target.remove_prefix(path.size());
  const bool is_segment = !target.empty() && target.find('/') == target.npos;
  return is_segment ? std::optional(target) : std::nullopt;
}

/// Returns the path of a request target, without its query. The target may be in absolute form
/// (RFC 9112, 3.2.2), which names the server too.
std::string_view path_of(std::string_view target) {
  if (target.starts_with(kScheme)) {
    target.remove_prefix(std::min(target.find_first_of("/?", kScheme.size()), target.size()));
  }
  return target.substr(0, target.find('?'));
}

/// Returns whether the route has the method. HEAD asks for the answer to GET without its body.
bool has_method(const Route& route, std::string_view method) {
  return route.method == method || (route.method == "GET" && method == "HEAD");
}

}  // namespace

bool HostNames::contains(std::string_view host) const {
  if (host.starts_with('[')) {
    const auto end = host.find(']');
    return end != host.npos && is_port(host.substr(end + 1)) &&
           is_address(AF_INET6, host.substr(1, end - 1));
  }
  const auto colon = std::min(host.find(':'), host.size());
  auto name = host.substr(0, colon);
  if (!is_port(host.substr(colon))) return false;
  if (name.ends_with('.')) name.remove_suffix(1);  // The root of DNS may be written.
  const auto is_it = [name](std::string_view other) { return equal_ignoring_case(name, other); };
  return is_it("localhost") || is_address(AF_INET, name) || std::ranges::any_of(names_, is_it);
}

std::string_view host_in_target(std::string_view target) {
  if (!target.starts_with(kScheme)) return {};
  target.remove_prefix(kScheme.size());
  return target.substr(0, target.find_first_of("/?"));
}

ServerResponse plain_response(unsigned status, std::string_view line) {
  return text_response(status, std::string(line) + '\n');
}

ServerResponse text_response(unsigned status, std::string text) {
  return {status, "text/plain; charset=utf-8", std::move(text), {}};
}

ServerResponse json_response(unsigned status, std::string json) {
  return {status, "application/json", std::move(json), {}};
}

std::variant<const RouteHandler*, ServerResponse> Router::find(ServerRequest& request) const {
  std::string allowed;
  const auto path = path_of(request.target);
  for (const Route& route : routes_) {
    const bool is_served =
        route.audience == Audience::anybody || request.audience == Audience::local;
    const auto parameter = match(route.path, path);
    if (!is_served || !parameter) continue;
    if (has_method(route, request.method)) {
      if (request.method == "POST" && request.is_from_browser)
        return plain_response(403, "not for browsers");
      request.parameter = *parameter;
      return &route.handler;
    }
    if (!allowed.empty()) allowed += ", ";
    allowed += route.method == "GET" ? "GET, HEAD" : route.method;
  }
  if (allowed.empty()) return plain_response(404, "not found");
  auto refusal = plain_response(405, "use " + allowed);
  refusal.allow = std::move(allowed);
  return refusal;
}

}  // namespace attestrd
