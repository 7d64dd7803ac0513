#include "daemon/control/fleet/elsewhere.h"

#include <fmt/format.h>

#include <cstddef>
#include <utility>
#include <variant>

namespace attestrd {

Elsewhere::Elsewhere(const std::vector<HandshakeId>& ids,
                     Result<std::vector<AskedHandshake>> answers) {
  if (!answers) {
    trouble_ = answers.error();
    unasked_.insert(ids.begin(), ids.end());
    return;
  }
  for (std::size_t i = 0; i < ids.size(); ++i)
    if ((*answers)[i].is_asked) asked_.emplace(ids[i], std::move((*answers)[i]));
}

bool Elsewhere::add_open(LineAnswers& lines, const HandshakeId& id,
                         std::string_view will_be) const {
  if (trouble_ && unasked_.contains(id)) {
    lines.add(id, "unreachable",
              fmt::format("is not pending here, and it is not known whether another node is asked: "
                          "{}",
                          trouble_->message),
              false);
    return true;
  }
  const auto* const asked = find(id);
  if (asked == nullptr || asked->is_done) return false;
  lines.add(id, "asked",
            fmt::format("will be {}: its node is asked, and does it with a beat, or the node that "
                        "takes it over",
                        will_be),
            true, asked->now.node.name);
  return true;
}

const AskedHandshake* Elsewhere::find(const HandshakeId& id) const {
  const auto asked = asked_.find(id);
  return asked == asked_.end() ? nullptr : &asked->second;
}

std::string_view Elsewhere::node_of(const HandshakeId& id) const {
  const auto* const asked = find(id);
  return asked == nullptr ? std::string_view() : asked->now.node.name;
}

void ask_elsewhere(const Questions& questions, RequestVerb verb, std::vector<HandshakeId> ids,
                   std::function<void(const Elsewhere&)> then) {
  if (!questions.fleet || ids.empty()) return then({});
  const auto& ask = questions.fleet->ask;
  ask(verb, ids, [ids, then = std::move(then)](Result<std::vector<AskedHandshake>> answers) {
    then(Elsewhere(ids, std::move(answers)));
  });
}

bool is_pending_still(const AskedHandshake& asked) {
  const auto* const row = std::get_if<QueuedHandshake>(&asked.now.known);
  return row != nullptr && row->attempt == asked.attempt;
}

CancelOutcome cancel_outcome(const AskedHandshake& asked) {
  std::optional<Outcome> outcome;
  if (const auto* const ended = std::get_if<EndedHandshake>(&asked.now.known))
    outcome = ended->outcome;
  if (const auto* const ending = std::get_if<EndingHandshake>(&asked.now.known))
    outcome = ending->outcome;
  if (!outcome) return CancelOutcome::not_pending;
  if (*outcome == Outcome::completed) return CancelOutcome::completed;
  return asked.now.reason == Reason::cancelled ? CancelOutcome::cancelled : CancelOutcome::ended;
}

}  // namespace attestrd
