#pragma once

#include <string_view>
#include <vector>

#include "base/result.h"
#include "daemon/control/questions.h"
#include "handshake/handshake_id.h"
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

/// Returns whether the query of the target is this word.
bool asks_for(const ServerRequest& request, std::string_view word);

/// The most ids of one request, so that none holds the event loop.
inline constexpr std::size_t kMostIdLines = 4096;

/// Returns the ids in the body of a request, one per line. Error (`invalid_input`): a line is not
/// an id, or there are more than kMostIdLines.
Result<std::vector<HandshakeId>> read_id_lines(std::string_view body);

}  // namespace attestrd
