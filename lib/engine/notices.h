#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "admission/account_gate.h"
#include "base/time.h"
#include "handshake/finish.h"
#include "handshake/handshake_id.h"
#include "http/exchange.h"
#include "log/notice.h"
#include "poll/answer.h"

namespace attestrd::notices {

// The notices that the engine logs, as data.

/// The handshake that a notice is about.
struct Polled {
  HandshakeId id;
  std::uint32_t polls = 0;
};

/// Returns a debug notice of a complete answer. `trouble` is a word of a closed list; empty: none.
Notice poll_answered(const Polled& polled, const HttpResponse& response, const Answer& answer,
                     std::string_view trouble);

/// Returns a notice of a complete answer that can't be used.
Notice poll_error(const Polled& polled, const HttpResponse& response, const Answer& answer,
                  std::string_view trouble);

/// Returns a notice of a poll that got no answer.
Notice poll_error(const Polled& polled, const TransportFailure& failure, std::string_view host);

/// Returns a notice that a pause began. `cause` is the notice of the poll that began it.
Notice account_paused(Notice cause, PauseReason reason, std::string_view host,
                      Duration until_canary);
/// Returns a notice of an answer that began a pause, as the `cause` of account_paused().
Notice account_trouble(const Polled& polled, const HttpResponse& response, const Answer& answer,
                       std::string_view trouble);
Notice account_resumed(PauseReason reason, Duration lasted);
/// Returns a notice that another node of the fleet has paused the account.
Notice account_paused_by(const SharedPause& pause);
/// Returns a notice that this node polls the canary from now on, in the place of the node that
/// did so `before`, if that is known.
Notice account_taken_up(PauseReason reason, const std::optional<SharedPause>& before,
                        Duration until_canary);

/// Returns the notices of an operator's pause of all polls, and of its end.
Notice polling_paused();
Notice polling_resumed(Duration lasted);

/// Returns a notice that several handshakes in a row failed their signature; `polled` is the last.
Notice signatures_failing(const Polled& polled);
/// Returns a notice of the first signature that holds after that.
Notice signatures_holding(const Polled& polled);

/// Returns a notice of a result that is signed in another form than the usual one.
Notice other_form(const Polled& polled, SigningForm form, bool is_accepted);

/// Returns a notice that the server allows fewer requests per second than the configured ones; 0:
/// no configured limit.
Notice rate_lowered(double configured, std::string_view host);
Notice rate_restored();
/// Returns a notice of a jump of the wall clock; `jump` is below zero if it was set back.
Notice clock_jumped(Duration jump);
/// Returns a notice of a wall clock that differs from the server's; `difference` is below zero if
/// the server's clock is behind.
Notice clock_differs(Duration difference, std::string_view host);

Notice budget_spent(std::uint64_t spent, Duration until_next_day);
Notice budget_renewed(std::uint64_t spent);

}  // namespace attestrd::notices
