#pragma once

#include "daemon/control/questions.h"
#include "http/router.h"

namespace attestrd {

/// Returns the routes of the control server, as routes.def lists them.
Router control_routes(Questions questions);

// Declares the handler of each row.
#define ROUTE(method, path, audience, handler) \
  void handler(const Questions& questions, const ServerRequest& request, Responder respond);
#include "daemon/control/routes.def"

/// Returns whether the client asks for a text for people. All other clients get JSON.
bool wants_text(const ServerRequest& request);

}  // namespace attestrd
