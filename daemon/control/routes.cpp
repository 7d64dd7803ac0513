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
  return Router({
#define ROUTE(method, path, audience, handler) {method, path, Audience::audience, with(handler)},
#include "daemon/control/routes.def"
  });
}

bool wants_text(const ServerRequest& request) { return request.accept == "text/plain"; }

}  // namespace attestrd
