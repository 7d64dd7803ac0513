#include "daemon/control/routes.h"

#include <memory>
#include <utility>

namespace attestrd {

Router control_routes(Questions questions) {
  const auto shared = std::make_shared<const Questions>(std::move(questions));
  const auto with = [&shared](auto handler) {
    return [shared, handler](const ServerRequest& request, Responder respond) {
      handler(*shared, request, std::move(respond));
    };
  };
  // JSON, or text for people if that is what Accept asks for. An answer that the disk delays: 503.
  return Router({
      {"GET", "/status", Audience::local, with(status_route)},
      {"GET", "/explain/{}", Audience::local, with(explain_route)},
      {"GET", "/metrics", Audience::anybody, with(metrics_route)},
      {"GET", "/health", Audience::anybody, with(health_route)},
  });
}

bool wants_text(const ServerRequest& request) { return request.accept == "text/plain"; }

}  // namespace attestrd
