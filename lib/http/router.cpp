#include "http/router.h"

#include <optional>

namespace attestrd {
namespace {

constexpr std::string_view kParameter = "{}";

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

}  // namespace

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
  for (const Route& route : routes_) {
    const bool is_served =
        route.audience == Audience::anybody || request.audience == Audience::local;
    const auto parameter = match(route.path, request.target);
    if (!is_served || !parameter) continue;
    if (route.method == request.method) {
      if (request.method == "POST" && request.is_from_browser)
        return plain_response(403, "not for browsers");
      request.parameter = *parameter;
      return &route.handler;
    }
    if (!allowed.empty()) allowed += ", ";
    allowed += route.method;
  }
  if (allowed.empty()) return plain_response(404, "not found");
  auto refusal = plain_response(405, "use " + allowed);
  refusal.allow = std::move(allowed);
  return refusal;
}

}  // namespace attestrd
