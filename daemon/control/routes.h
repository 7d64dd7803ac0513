#pragma once

#include "daemon/control/questions.h"
#include "http/router.h"

namespace attestrd {

/// The routes of the control server, as routes.def lists them.
Router control_routes(Questions questions);

// The handlers.
#define ROUTE(method, path, audience, handler) \
  void handler(const Questions& questions, const ServerRequest& request, Responder respond);
#include "daemon/control/routes.def"

/// True: the client wants a text for people. All other clients get JSON.
bool wants_text(const ServerRequest& request);

}  // namespace attestrd
