#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "admission/account_gate.h"
#include "admission/backlog.h"
#include "admission/daily_budget.h"
#include "admission/effective_rate.h"
#include "admission/pace.h"
#include "admission/slow_start.h"
#include "base/time.h"

namespace attestrd {

/// The decision WHETHER a poll may start now, whichever handshake it is for, and when to ask again.
/// It combines the rate limit, the requests of the day, the pause of the account, the number of
/// connections and the backlog of the disk. Pure; time is an argument.
// More than 20 methods: each of its parts is set and asked through it.
class Admission {
 public:
  struct Limits {
    double requests_per_second = 0;    ///< 0: no limit.
    std::uint32_t daily_requests = 0;  ///< 0: no limit.
    std::uint32_t connections = 1;
    std::size_t answer_memory_bytes = std::size_t{256} << 20;
  };

  /// Sets the limits. They may change at any time; advance_to() must follow.
  void set_limits(const Limits& limits);

  /// Begins a new day if the day has turned. Must be called before any other query of a step.
  void advance_to(Now now);

  /// Returns whether a poll may start, as far as everything but the requests of the day is
  /// concerned.
  bool allows(Now now) const {
    return has_capacity() && account_.allows(now) && pace_.allows(now.mono);
  }

  /// Returns when a due handshake may be polled, or nothing if only an event can allow it.
  std::optional<Mono> next() const;

  /// Records the start of a poll. Returns whether it is the canary of a paused account.
  bool start(Now now, bool is_last_poll);
  /// Records the end of a poll.
  void end();

  /// Discards an answer whose handshake was lost meanwhile: it shows nothing about the account.
  void answer_lost(bool is_canary);
  /// Records trouble or a failure (see AccountGate). Each returns true if this began a pause. A
  /// refusal for the rate lowers the rate, and begins a pause only when that is at its floor.
  /// Retry-After stops all polls, if it comes with a refusal for the rate, with trouble that begins
  /// a pause or goes on in one, or with such a failure of the canary.
  bool trouble(Now now, PauseReason reason, std::optional<Duration> retry_after,
               const FailedPoll& poll);
  bool failure(Now now, std::optional<Duration> retry_after, const FailedPoll& poll);
  /// Records a good answer. Returns true if this ended a pause.
  bool good_answer(Now now, bool is_canary);

  /// Lets no poll start while an operator's pause lasts.
  void set_paused(bool is_paused) { is_paused_ = is_paused; }
  bool is_paused() const { return is_paused_; }

  /// Lets the next canary start at once, unless a Retry-After forbids it.
  void ask_at_once(Now now) { account_.ask_at_once(now); }

  /// Notes the pause of the account that the fleet has. See AccountGate.
  AccountGate::Shared share_pause(Now now, std::optional<SharedPause> pause);

  /// Sets the requests per second that this node of a fleet may send, its share of those of the
  /// account; 0: none may be sent. Nothing: all are this daemon's.
  void set_share(std::optional<double> requests_per_second);

  /// Returns the requests per second that the server and the fleet allow now; 0: no limit.
  double allowed_rate() const;
  /// Returns the requests per second that all polls together may use; 0: no limit.
  double rate(Wall now) const;
  const EffectiveRate& effective_rate() const { return rate_; }

  const AccountGate& account() const { return account_; }
  DailyBudget& budget() { return budget_; }
  const DailyBudget& budget() const { return budget_; }
  Backlog& backlog() { return backlog_; }
  const Backlog& backlog() const { return backlog_; }
  std::size_t in_flight() const { return in_flight_; }

 private:
  bool has_capacity() const {
    return !is_paused_ && has_share() && in_flight_ < slow_start_.allowed() &&
           backlog_.allows(in_flight_);
  }
  /// A node whose share is none polls the canary nevertheless: the others poll nothing meanwhile.
  bool has_share() const { return share_ != 0.0 || (!account_.is_open() && account_.may_ask()); }

  EffectiveRate rate_;
  Pace pace_;
  DailyBudget budget_;
  AccountGate account_;
  SlowStart slow_start_;
  Backlog backlog_;
  std::size_t in_flight_ = 0;
  bool is_paused_ = false;       // By an operator.
  std::optional<double> share_;  // Of the fleet's rate.
  Mono next_day_ = Mono::min();  // The end of the day, as of advance_to(); only with a daily limit.
};

}  // namespace attestrd
