// POST /kick: polls the handshakes in the body, one id per line, as soon as the limits allow. The
// answer has one line per id. The status is 409 when one of the handshakes is not pending, 400 when
// a line is not an id.

#include <fmt/format.h>

#include <string_view>
#include <utility>
#include <vector>

#include "base/check.h"
#include "daemon/control/routes.h"

namespace attestrd {
namespace {

std::string_view name_of(Kicked kicked) {
  switch (kicked) {
    case Kicked::due_now: return "due_now";
    case Kicked::in_flight: return "in_flight";
    case Kicked::held: return "held";
    case Kicked::due_already: return "due_already";
    case Kicked::ending: return "ending";
    case Kicked::not_pending: return "not_pending";
  }
  check_failed("an outcome of a kick has a name", __FILE__, __LINE__);
}

/// Returns the end of a sentence that begins with the id.
std::string_view words_of(Kicked kicked) {
  switch (kicked) {
    case Kicked::due_now: return "is due now";
    case Kicked::in_flight: return "is being polled at this moment";
    case Kicked::held: return "is held; `attestrd release` lets it be polled";
    case Kicked::due_already: return "was due already, and waits for its turn";
    case Kicked::ending: return "has ended, and its record is being written";
    case Kicked::not_pending: return "is not pending; `attestrd explain` may say more";
  }
  check_failed("an outcome of a kick has words", __FILE__, __LINE__);
}

/// Returns whether it will be polled.
bool is_pending(Kicked kicked) {
  return kicked != Kicked::ending && kicked != Kicked::not_pending && kicked != Kicked::held;
}

ServerResponse response_to(const std::vector<HandshakeId>& ids, const std::vector<Kicked>& kicked,
                           bool as_text) {
  std::string lines;
  bool are_pending = true;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    lines += as_text ? fmt::format("{} {}.\n", ids[i].view(), words_of(kicked[i]))
                     : fmt::format("{{\"id\":\"{}\",\"kick\":\"{}\"}}\n", ids[i].view(),
                                   name_of(kicked[i]));
    are_pending &= is_pending(kicked[i]);
  }
  const unsigned status = are_pending ? 200 : 409;
  return as_text ? text_response(status, std::move(lines))
                 : json_response(status, std::move(lines));
}

}  // namespace

void kick_route(const Questions& questions, const ServerRequest& request, Responder respond) {
  const auto ids = read_id_lines(request.body);
  if (!ids) return respond(plain_response(400, ids.error().message));
  questions.ask_engine(KickCommand{*ids},
                       [ids = *ids, as_text = wants_text(request),
                        respond = std::move(respond)](const EngineAnswer& answer) {
                         respond(response_to(ids, std::get<std::vector<Kicked>>(answer), as_text));
                       });
}

}  // namespace attestrd
