#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <vector>

#include "daemon/control/line_answers.h"
#include "daemon/control/questions.h"

namespace attestrd {

/// The answers of the fleet about those handshakes of a request that this daemon does not have.
class Elsewhere {
 public:
  Elsewhere() = default;
  Elsewhere(const std::vector<HandshakeId>& ids, Result<std::vector<AskedHandshake>> answers);

  /// Adds the answer for a handshake whose node has not done yet what it is asked for, or can't be
  /// asked. `will_be` says what becomes of it, such as "held". Returns false if it is no such one.
  bool add_open(LineAnswers& lines, const HandshakeId& id, std::string_view will_be) const;

  /// Returns the answer of the node that has polled the handshake, or null if no node did.
  const AskedHandshake* find(const HandshakeId& id) const;

  /// Returns the name of that node, or an empty text.
  std::string_view node_of(const HandshakeId& id) const;

 private:
  std::map<HandshakeId, AskedHandshake> asked_;
  std::optional<Error> trouble_;  ///< The reason why none of `unasked_` can be asked.
  std::set<HandshakeId> unasked_;
};

/// Asks the fleet for handshakes that this daemon does not have, and passes its answers on; none if
/// there is no fleet.
void ask_elsewhere(const Questions& questions, RequestVerb verb, std::vector<HandshakeId> ids,
                   std::function<void(const Elsewhere&)> then);

// The outcomes of requests that other nodes have done.

/// Returns whether the handshake is pending, as it was when its node was asked.
bool is_pending_still(const AskedHandshake& asked);
CancelOutcome cancel_outcome(const AskedHandshake& asked);

}  // namespace attestrd
