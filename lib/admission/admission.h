#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "admission/account_gate.h"
#include "admission/backlog.h"
#include "admission/daily_budget.h"
#include "admission/pace.h"
#include "admission/slow_start.h"
#include "base/time.h"

namespace attestrd {

/// WHETHER a poll may start now, whichever handshake it is for, and when to ask again: the rate
/// limit, the requests of the day, the pause of the account, the number of connections and the
/// backlog of the disk. Pure; time is an argument.
class Admission {
 public:
  struct Limits {
    double requests_per_second = 0;    ///< 0: no limit.
    std::uint32_t daily_requests = 0;  ///< 0: no limit.
    std::uint32_t connections = 1;
  };

  /// May change at any time; advance_to() must follow.
  void set_limits(const Limits& limits);

  /// Call it before any other question of a step: the day may have turned.
  void advance_to(Now now);

  /// A poll may start, as far as everything but the requests of the day is concerned.
  bool allows(Now now) const {
    return has_capacity() && account_.allows(now) && pace_.allows(now.mono);
  }

  /// When a handshake that is due may be polled; nothing: not before an event.
  std::optional<Mono> next() const;

  /// A poll starts. Returns whether it is the canary of a paused account.
  bool start(Now now, bool is_last_poll);
  /// A poll has come to its end.
  void end();

  /// The poll's handshake was lost meanwhile: its answer says nothing of the account.
  void answer_lost(bool is_canary);
  /// See AccountGate. Each returns true when this began a pause.
  bool trouble(Now now, PauseReason reason, std::optional<Duration> retry_after, bool is_canary);
  bool failure(Now now, std::optional<Duration> retry_after, bool is_canary);
  /// Returns true when this ended a pause.
  bool good_answer(bool is_canary);

  /// Requests per second that all polls together may use; 0: no limit.
  double rate(Wall now) const;

  const AccountGate& account() const { return account_; }
  DailyBudget& budget() { return budget_; }
  const DailyBudget& budget() const { return budget_; }
  Backlog& backlog() { return backlog_; }
  const Backlog& backlog() const { return backlog_; }
  std::size_t in_flight() const { return in_flight_; }

 private:
  bool has_capacity() const {
    return in_flight_ < slow_start_.allowed() && backlog_.allows(in_flight_);
  }

  double requests_per_second_ = 0;
  Pace pace_;
  DailyBudget budget_;
  AccountGate account_;
  SlowStart slow_start_;
  Backlog backlog_;
  std::size_t in_flight_ = 0;
  Mono next_day_ = Mono::min();  // When the day ends, as of advance_to(); only with a daily limit.
};

}  // namespace attestrd
