#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace attestrd {

/// The clients that a listening socket is for. Any program of the machine, or of the network,
/// reaches a TCP port; file permissions protect a unix socket.
enum class Audience : std::uint8_t { local, anybody };

/// A request to our own server.
struct ServerRequest {
  Audience audience{};
  std::string method;
  std::string target;
  std::string accept;            ///< The Accept field; empty: there is none.
  bool is_from_browser = false;  ///< It has an Origin or a Sec-Fetch-Site field.
  std::string parameter;         ///< What stands in the target for the route's `{}`.
  std::string body;              ///< Of a POST.
};

struct ServerResponse {
  unsigned status = 200;
  std::string content_type;
  std::string body;
  std::string allow;  ///< The Allow field of a 405.
};

/// For people: one line.
ServerResponse plain_response(unsigned status, std::string_view line);
/// For people: a text that ends with a line feed.
ServerResponse text_response(unsigned status, std::string text);
ServerResponse json_response(unsigned status, std::string json);

/// Answers a request, at once or later, but once.
using Responder = std::function<void(ServerResponse)>;
using RouteHandler = std::function<void(const ServerRequest&, Responder)>;

struct Route {
  std::string_view method;
  std::string_view path;  ///< May end in `{}`, which stands for one segment that is not empty.
  Audience audience{};    ///< `anybody`: served to local clients too.
  RouteHandler handler;
};

/// The table of routes of a server.
class Router {
 public:
  explicit Router(std::vector<Route> routes) : routes_(std::move(routes)) {}

  /// The handler of the route that the request's head names (`body` is not read), and sets
  /// `parameter`; or the answer that refuses the request: 404, 405, or 403 for a POST that a
  /// browser sends, since any page could make it send one.
  std::variant<const RouteHandler*, ServerResponse> find(ServerRequest& request) const;

 private:
  std::vector<Route> routes_;
};

}  // namespace attestrd
