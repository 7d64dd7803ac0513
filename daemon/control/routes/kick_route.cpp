// POST /kick: polls the handshakes in the body, one id per line, as soon as the limits allow. The
// answer has one line per id; another node of a fleet is asked for its own, and waited for. The
// status is 409 when one of the handshakes is not pending, 400 when
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
#include "daemon/control/fleet/elsewhere.h"
#include "daemon/control/late_answer.h"
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

/// Returns what a kick by another node has done.
Kicked kicked_by(const AskedHandshake& asked) {
  if (!is_pending_still(asked)) return Kicked::ending;
  return std::get<QueuedHandshake>(asked.now.known).is_held ? Kicked::held : Kicked::due_now;
}

ServerResponse response_to(const std::vector<HandshakeId>& ids, const std::vector<Kicked>& kicked,
                           const Elsewhere& elsewhere, bool as_text) {
  LineAnswers answers(as_text, "kick");
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (elsewhere.add_open(answers, ids[i], "polled")) continue;
    const auto* const asked = elsewhere.find(ids[i]);
    const auto outcome = asked != nullptr ? kicked_by(*asked) : kicked[i];
    if (asked != nullptr && outcome == Kicked::ending)
      answers.add(ids[i], "ended", "has ended meanwhile", true, elsewhere.node_of(ids[i]));
    else
      answers.add(ids[i], name_of(outcome), words_of(outcome), is_pending(outcome),
                  elsewhere.node_of(ids[i]));
  }
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
    if (kicked_.size() == ids_.size()) return ask_other_nodes();
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

  void ask_other_nodes() {
    std::vector<HandshakeId> others;
    for (std::size_t i = 0; i < ids_.size(); ++i)
      if (kicked_[i] == Kicked::not_pending) others.push_back(ids_[i]);
    ask_elsewhere(
        questions_, RequestVerb::kick, others,
        [self = shared_from_this()](const Elsewhere& elsewhere) {
          self->respond_(response_to(self->ids_, self->kicked_, elsewhere, self->as_text_));
        });
  }

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
  const bool as_text = wants_text(request);
  const auto kick = [questions, ids = *ids, as_text](Responder answer) {
    std::make_shared<Kicking>(questions, ids, as_text, std::move(answer))->kick_some();
  };
  if (!questions.fleet) return kick(std::move(respond));
  const auto type = response_to({}, {}, {}, as_text).content_type;
  respond(late_answer(type, kick));
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
