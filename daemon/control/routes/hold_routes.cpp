// POST /hold and /release: hold the handshakes in the body, one id per line, and release them. The
// answer has one line per id, and comes once it is durable; another node of a fleet is asked for
// its own, and waited for. The status is 409 when one of them is not pending, 400 when a line is
// not an id.

#include <cstddef>
#include <string_view>
#include <utility>
#include <vector>

#include "daemon/control/fleet/elsewhere.h"
#include "daemon/control/late_answer.h"
#include "daemon/control/line_answers.h"
#include "daemon/control/routes.h"

namespace attestrd {
namespace {

std::string_view name_of(bool is_held, bool is_pending) {
  if (!is_pending) return "not_pending";
  return is_held ? "held" : "released";
}

/// Returns the end of a sentence that begins with the id.
std::string_view words_of(bool is_held, bool is_pending) {
  if (!is_pending) return "is not pending; `attestrd explain` may say more";
  return is_held ? "is held. Its deadline runs on: Attestr may archive its result meanwhile"
                 : "is released, and polled as all others are";
}

ServerResponse response_to(const std::vector<HandshakeId>& ids, bool is_held,
                           const std::vector<HoldAnswer>& held, const Elsewhere& elsewhere,
                           bool as_text) {
  LineAnswers answers(as_text, is_held ? "hold" : "release");
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (elsewhere.add_open(answers, ids[i], is_held ? "held" : "released")) continue;
    const auto* const asked = elsewhere.find(ids[i]);
    const bool is_pending = asked != nullptr ? is_pending_still(*asked) : held[i].is_pending;
    answers.add(ids[i], name_of(is_held, is_pending), words_of(is_held, is_pending), is_pending,
                elsewhere.node_of(ids[i]));
  }
  return answers.response();
}

void change(const Questions& questions, const ServerRequest& request, bool is_held,
            const Responder& respond) {
  const auto ids = read_id_lines(request.body);
  if (!ids) return respond(plain_response(400, ids.error().message));
  const bool as_text = wants_text(request);
  const auto type = response_to({}, is_held, {}, {}, as_text).content_type;
  respond(late_answer(type, [questions, ids = *ids, is_held, as_text](Responder answer) {
    questions.hold(ids, is_held, [=](const std::vector<HoldAnswer>& held) {
      std::vector<HandshakeId> others;
      for (std::size_t i = 0; i < ids.size(); ++i)
        if (!held[i].is_pending) others.push_back(ids[i]);
      const auto verb = is_held ? RequestVerb::hold : RequestVerb::release;
      ask_elsewhere(questions, verb, others, [=](const Elsewhere& elsewhere) {
        answer(response_to(ids, is_held, held, elsewhere, as_text));
      });
    });
  }));
}

}  // namespace

void hold_route(const Questions& questions, const ServerRequest& request, Responder respond) {
  change(questions, request, true, respond);
}

void release_route(const Questions& questions, const ServerRequest& request, Responder respond) {
  change(questions, request, false, respond);
}

}  // namespace attestrd
