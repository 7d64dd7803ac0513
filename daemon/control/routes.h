#pragma once

#include "daemon/control/questions.h"
#include "http/router.h"

namespace attestrd {

/// The routes of the control server, as routes.cpp lists them.
Router control_routes(Questions questions);

// The handlers.
void status_route(const Questions& questions, const ServerRequest& request, Responder respond);
void metrics_route(const Questions& questions, const ServerRequest& request, Responder respond);
void health_route(const Questions& questions, const ServerRequest& request, Responder respond);
void explain_route(const Questions& questions, const ServerRequest& request, Responder respond);

/// Whether the client wants a text for people; all others get JSON.
bool wants_text(const ServerRequest& request);

}  // namespace attestrd
