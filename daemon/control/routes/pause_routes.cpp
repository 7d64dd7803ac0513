// POST /pause and /resume: begin an operator's pause of all polls, and end it. The answer comes
// once it is durable.

#include <fmt/format.h>

#include <string_view>
#include <utility>

#include "daemon/control/late_answer.h"
#include "daemon/control/routes.h"

namespace attestrd {
namespace {

std::string_view words_of(bool is_paused, bool is_changed) {
  if (!is_paused) return is_changed ? "Handshakes are polled again." : "There was no pause.";
  return is_changed ? "No handshake is polled until `attestrd resume`, also after a restart. "
                      "Deadlines run on."
                    : "There was a pause already; `attestrd resume` ends it.";
}

ServerResponse response_to(bool is_paused, bool is_changed, bool as_text) {
  if (as_text) return text_response(200, fmt::format("{}\n", words_of(is_paused, is_changed)));
  return json_response(200,
                       fmt::format("{{\"paused\":{},\"changed\":{}}}\n", is_paused, is_changed));
}

void change(const Questions& questions, const ServerRequest& request, bool is_paused,
            const Responder& respond) {
  const bool as_text = wants_text(request);
  const auto type = response_to(is_paused, true, as_text).content_type;
  respond(late_answer(type, [pause = questions.pause, is_paused, as_text](Responder answer) {
    pause(is_paused, [is_paused, as_text, answer](bool is_changed) {
      answer(response_to(is_paused, is_changed, as_text));
    });
  }));
}

}  // namespace

void pause_route(const Questions& questions, const ServerRequest& request, Responder respond) {
  change(questions, request, true, respond);
}

void resume_route(const Questions& questions, const ServerRequest& request, Responder respond) {
  change(questions, request, false, respond);
}

}  // namespace attestrd
