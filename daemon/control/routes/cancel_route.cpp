// POST /cancel: ends the handshakes in the body, one id per line, as failed for the reason
// `cancelled`. The answer has one line per id, and comes once all their records are published: a
// poll in flight is waited for. Another node of a fleet is asked for its own, and waited for as
// long as it takes two beats. The status is 409 when one of them did not end so, 400 when a line
// is not an id.

#include <cstddef>
#include <string_view>
#include <utility>
#include <vector>

#include "base/check.h"
#include "daemon/control/fleet/elsewhere.h"
#include "daemon/control/late_answer.h"
#include "daemon/control/line_answers.h"
#include "daemon/control/routes.h"

namespace attestrd {
namespace {

std::string_view name_of(CancelOutcome outcome) {
  switch (outcome) {
    case CancelOutcome::cancelled: return "cancelled";
    case CancelOutcome::completed: return "completed";
    case CancelOutcome::ended: return "ended";
    case CancelOutcome::ending: return "ending";
    case CancelOutcome::not_pending: return "not_pending";
  }
  check_failed("the outcome of a cancel has a name", __FILE__, __LINE__);
}

/// Returns the end of a sentence that begins with the id.
std::string_view words_of(CancelOutcome outcome) {
  switch (outcome) {
    case CancelOutcome::cancelled: return "is cancelled; its record is in failed/";
    case CancelOutcome::completed: return "has completed: its result came first, and is published";
    case CancelOutcome::ended: return "has ended otherwise; see `attestrd explain`";
    case CancelOutcome::ending: return "has ended, and its record is being written";
    case CancelOutcome::not_pending: return "is not pending; `attestrd explain` may say more";
  }
  check_failed("the outcome of a cancel has words", __FILE__, __LINE__);
}

ServerResponse response_to(const std::vector<HandshakeId>& ids,
                           const std::vector<CancelOutcome>& outcomes, const Elsewhere& elsewhere,
                           bool as_text) {
  LineAnswers answers(as_text, "cancel");
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (elsewhere.add_open(answers, ids[i], "cancelled")) continue;
    const auto* const asked = elsewhere.find(ids[i]);
    const auto outcome = asked != nullptr ? cancel_outcome(*asked) : outcomes[i];
    answers.add(ids[i], name_of(outcome), words_of(outcome), outcome == CancelOutcome::cancelled,
                elsewhere.node_of(ids[i]));
  }
  return answers.response();
}

}  // namespace

void cancel_route(const Questions& questions, const ServerRequest& request, Responder respond) {
  const auto ids = read_id_lines(request.body);
  if (!ids) return respond(plain_response(400, ids.error().message));
  const bool as_text = wants_text(request);
  const auto type = response_to({}, {}, {}, as_text).content_type;
  respond(late_answer(type, [questions, ids = *ids, as_text](Responder answer) {
    questions.cancel(ids, [=](const std::vector<CancelOutcome>& outcomes) {
      std::vector<HandshakeId> others;
      for (std::size_t i = 0; i < ids.size(); ++i)
        if (outcomes[i] == CancelOutcome::not_pending) others.push_back(ids[i]);
      ask_elsewhere(questions, RequestVerb::cancel, others, [=](const Elsewhere& elsewhere) {
        answer(response_to(ids, outcomes, elsewhere, as_text));
      });
    });
  }));
}

}  // namespace attestrd
