// POST /retry: polls the handshakes in the body, one id per line, anew; completed ones only with
// the query `again`. The answer has one line per id, and comes once it is durable. The status is
// 409 when one of the handshakes is not polled anew, 400 when a line is not an id.

#include <cstddef>
#include <string_view>
#include <utility>
#include <vector>

#include "base/check.h"
#include "daemon/control/late_answer.h"
#include "daemon/control/line_answers.h"
#include "daemon/control/routes.h"

namespace attestrd {
namespace {

std::string_view name_of(Retried retried) {
  switch (retried) {
    case Retried::reopened: return "reopened";
    case Retried::completed: return "completed";
    case Retried::pending: return "pending";
    case Retried::ending: return "ending";
    case Retried::unknown: return "unknown";
    case Retried::full: return "full";
  }
  check_failed("an answer to a retry has a name", __FILE__, __LINE__);
}

/// Returns the end of a sentence that begins with the id.
std::string_view words_of(Retried retried) {
  switch (retried) {
    case Retried::reopened: return "is polled again";
    case Retried::completed: return "has completed; with --again it is polled and published again";
    case Retried::pending: return "is pending; `attestrd kick` polls it now";
    case Retried::ending: return "is just ending; try again in a moment";
    case Retried::unknown: return "is not known; submit it";
    case Retried::full: return "does not fit: as many handshakes are pending as can be";
  }
  check_failed("an answer to a retry has words", __FILE__, __LINE__);
}

ServerResponse response_to(const std::vector<HandshakeId>& ids, const std::vector<Retried>& retried,
                           bool as_text) {
  LineAnswers answers(as_text, "retry");
  for (std::size_t i = 0; i < ids.size(); ++i)
    answers.add(ids[i], name_of(retried[i]), words_of(retried[i]), retried[i] == Retried::reopened);
  return answers.response();
}

}  // namespace

void retry_route(const Questions& questions, const ServerRequest& request, Responder respond) {
  const auto ids = read_id_lines(request.body);
  if (!ids) return respond(plain_response(400, ids.error().message));
  const bool as_text = wants_text(request);
  const auto type = response_to({}, {}, as_text).content_type;
  respond(late_answer(type, [retry = questions.retry, ids = *ids, as_text,
                             even_completed = asks_for(request, "again")](Responder answer) {
    retry(ids, even_completed, [ids, as_text, answer](const std::vector<Retried>& retried) {
      answer(response_to(ids, retried, as_text));
    });
  }));
}

}  // namespace attestrd
