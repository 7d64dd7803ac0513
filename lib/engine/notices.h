#pragma once

#include <cstdint>
#include <string_view>

#include "admission/account_gate.h"
#include "base/time.h"
#include "handshake/handshake_id.h"
#include "http/exchange.h"
#include "log/notice.h"
#include "poll/answer.h"

namespace attestrd::notices {

// What the engine says in the log, as data.

/// The handshake that a notice is about.
struct Polled {
  HandshakeId id;
  std::uint32_t polls = 0;
};

/// Debug: a whole answer. `trouble` is a word of a closed list; empty: none.
Notice poll_answered(const Polled& polled, const HttpResponse& response, const Answer& answer,
                     std::string_view trouble);

/// A whole answer that can't be used.
Notice poll_error(const Polled& polled, const HttpResponse& response, const Answer& answer,
                  std::string_view trouble);

/// No answer came.
Notice poll_error(const Polled& polled, const TransportFailure& failure, std::string_view host);

/// A pause began: `cause` is the notice of the poll that began it.
Notice account_paused(Notice cause, PauseReason reason, std::string_view host,
                      Duration until_canary);
/// What began a pause, where no notice was made of it yet.
Notice account_trouble(const Polled& polled, const HttpResponse& response, const Answer& answer,
                       std::string_view trouble);
Notice account_resumed(PauseReason reason, Duration lasted);

Notice budget_spent(std::uint64_t spent, Duration until_next_day);
Notice budget_renewed(std::uint64_t spent);

}  // namespace attestrd::notices
