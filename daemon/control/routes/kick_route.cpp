// POST /kick: polls the handshakes in the body, one id per line, as soon as the limits allow. The
// answer has one line per id. The status is 409 when one of the handshakes is not pending, 400 when
// a line is not an id.
//
// POST /kick/account: lets the canary of a paused account ask as soon as the limits allow. The
// answer has one line. The status is 409 when the account is not paused.

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "base/check.h"
#include "daemon/control/line_answers.h"
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

std::string_view name_of(AccountKicked kicked) {
  switch (kicked) {
    case AccountKicked::due_now: return "due_now";
    case AccountKicked::in_flight: return "in_flight";
    case AccountKicked::held: return "held";
    case AccountKicked::not_paused: return "not_paused";
  }
  check_failed("an outcome of a kick of the account has a name", __FILE__, __LINE__);
}

std::string_view words_of(AccountKicked kicked) {
  switch (kicked) {
    case AccountKicked::due_now: return "The account is paused: one handshake is polled now.";
    case AccountKicked::in_flight:
      return "The account is paused: one handshake is being polled at this moment.";
    case AccountKicked::held:
      return "The account is paused: one handshake is polled once Retry-After, "
             "operators, the disk and the daily limit allow it.";
    case AccountKicked::not_paused: return "The account is not paused.";
  }
  check_failed("an outcome of a kick of the account has words", __FILE__, __LINE__);
}

/// Returns whether it will be polled.
bool is_pending(Kicked kicked) {
  return kicked != Kicked::ending && kicked != Kicked::not_pending && kicked != Kicked::held;
}

ServerResponse response_to(const std::vector<HandshakeId>& ids, const std::vector<Kicked>& kicked,
                           bool as_text) {
  LineAnswers answers(as_text, "kick");
  for (std::size_t i = 0; i < ids.size(); ++i)
    answers.add(ids[i], name_of(kicked[i]), words_of(kicked[i]), is_pending(kicked[i]));
  return answers.response();
}

/// The state of one request. The engine gets a part of the ids at a time, since no command may hold
/// the event loop for a millisecond; other events come between two parts.
class Kicking : public std::enable_shared_from_this<Kicking> {
 public:
  Kicking(const Questions& questions, std::vector<HandshakeId> ids, bool as_text, Responder respond)
      : questions_(questions),
        ids_(std::move(ids)),
        as_text_(as_text),
        respond_(std::move(respond)) {}

  void kick_some() {
    if (kicked_.size() == ids_.size()) return respond_(response_to(ids_, kicked_, as_text_));
    const auto begin = ids_.begin() + static_cast<std::ptrdiff_t>(kicked_.size());
    const auto count = std::min(kIdsPerStep, ids_.end() - begin);
    const KickCommand part{{begin, begin + count}};
    questions_.ask_engine(part, [self = shared_from_this()](const EngineAnswer& answer) {
      const auto& kicked = std::get<std::vector<Kicked>>(answer);
      self->kicked_.insert(self->kicked_.end(), kicked.begin(), kicked.end());
      self->kick_some();
    });
  }

 private:
  static constexpr std::ptrdiff_t kIdsPerStep = 256;

  Questions questions_;
  std::vector<HandshakeId> ids_;
  bool as_text_;
  Responder respond_;
  std::vector<Kicked> kicked_;  ///< Of the first ids.
};

}  // namespace

void kick_route(const Questions& questions, const ServerRequest& request, Responder respond) {
  const auto ids = read_id_lines(request.body);
  if (!ids) return respond(plain_response(400, ids.error().message));
  std::make_shared<Kicking>(questions, *ids, wants_text(request), std::move(respond))->kick_some();
}

void kick_account_route(const Questions& questions, const ServerRequest& request,
                        Responder respond) {
  questions.ask_engine(
      KickAccountCommand{},
      [as_text = wants_text(request), respond = std::move(respond)](const EngineAnswer& answer) {
        const auto kicked = std::get<AccountKicked>(answer);
        const unsigned status = kicked == AccountKicked::not_paused ? 409 : 200;
        respond(as_text ? plain_response(status, words_of(kicked))
                        : json_response(status,
                                        fmt::format("{{\"account\":\"{}\"}}\n", name_of(kicked))));
      });
}

}  // namespace attestrd
