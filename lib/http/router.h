#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"

namespace attestrd {

/// The clients that a listening socket is for. Any program on the machine or in the network reaches
/// a TCP port (`anybody`); file permissions protect a unix socket (`local`).
enum class Audience : std::uint8_t { local, anybody };

/// The names by which clients of a TCP port may call this host. A web page whose name leads to this
/// host (DNS rebinding) makes a browser send its own name, which is none of them.
class HostNames {
 public:
  HostNames() = default;
  /// `names` are accepted beside addresses and `localhost`.
  explicit HostNames(std::vector<std::string> names) : names_(std::move(names)) {}

  /// Returns whether the value of a Host field (RFC 9110, 7.2), with or without a port, is an IP
  /// address, `localhost` or one of the names. The case of letters does not matter.
  bool contains(std::string_view host) const;

 private:
  std::vector<std::string> names_;
};

/// Returns the host and port of a request target in absolute form (RFC 9112, 3.2.2), or an empty
/// text for any other form.
std::string_view host_in_target(std::string_view target);

/// A request to the server of attestrd.
struct ServerRequest {
  Audience audience{};
  std::string method;
  std::string target;
  std::string accept;            ///< The Accept field; empty if there is none.
  bool is_from_browser = false;  ///< It has an Origin or a Sec-Fetch-Site field.
  std::string parameter;         ///< The part of the target that the route's `{}` stands for.
  std::string body;              ///< The body of a POST.
};

/// A body that is too long for the memory. Its parts are read one at a time, as the client takes
/// them. Both functions answer at once or later, but only once. Destroying it ends the read.
class BodySource {
 public:
  virtual ~BodySource() = default;

  /// Prepares the body, however long that takes. Passes its length in bytes, or the error for which
  /// the response is a 503.
  virtual void open(std::function<void(Result<std::uint64_t>)> on_open) = 0;

  /// Returns the status of the response. Called once the body is open.
  virtual unsigned status() const { return 200; }

  /// Passes the next part. An empty one means that it can't be read: the connection is closed
  /// before the body is complete.
  virtual void read(std::function<void(std::string)> on_part) = 0;
};

struct ServerResponse {
  unsigned status = 200;
  std::string content_type;
  std::string body;
  std::string allow;                     ///< The Allow field of a 405.
  std::shared_ptr<BodySource> source{};  ///< In the place of `body`.
  std::string next{};                    ///< The target of the next page, for the Link field.
  std::string authenticate{};            ///< The WWW-Authenticate field of a 401.
};

/// Returns a response for people, with one line of text.
ServerResponse plain_response(unsigned status, std::string_view line);
/// Returns a response for people, with a text that ends with a line feed.
ServerResponse text_response(unsigned status, std::string text);
ServerResponse json_response(unsigned status, std::string json);

/// A function that answers a request. It is called at once or later, but only once.
using Responder = std::function<void(ServerResponse)>;
using RouteHandler = std::function<void(const ServerRequest&, Responder)>;

struct Route {
  std::string_view method;
  std::string_view path;  ///< May end in `{}`, which stands for one segment that is not empty.
  Audience audience{};    ///< With `anybody`, the route is served to local clients too.
  RouteHandler handler;
};

/// The table of routes of a server.
class Router {
 public:
  explicit Router(std::vector<Route> routes) : routes_(std::move(routes)) {}

  /// Finds the route for the head of the request (`body` is not read): a query in its target is
  /// ignored, and HEAD is served as GET, without the body. Returns its handler and sets
  /// `parameter`, or returns the response that refuses the request: 404, 405, or 403 for a POST
  /// from a browser, since any web page could make the browser send one.
  std::variant<const RouteHandler*, ServerResponse> find(ServerRequest& request) const;

 private:
  std::vector<Route> routes_;
};

}  // namespace attestrd
