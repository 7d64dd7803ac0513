#pragma once

#include <cstdint>
#include <optional>

#include "base/account_day.h"
#include "base/time.h"

namespace attestrd {

/// The requests that a day may still see (`api.daily_requests`).
///
/// No death forgets a request: each is reserved in the queue file before it goes out, some at a
/// time, so that not every poll needs a commit. What a process had reserved and not spent when it
/// was killed passes for spent: 1/256 of the day and one at most.
///
/// Of the day's requests one is kept for each handshake whose deadline comes before the day ends,
/// but no more than half of them: its last poll can't wait until tomorrow, and is one request.
/// Which those are is known early, since a deadline is seldom less than a day away.
///
/// Days are those of the machine's clock. One that goes on begins a new budget, whatever set the
/// clock; one that went back does not: the count goes on. So a clock that was far ahead and is set
/// right again freezes nothing, and one that is set back by less than an hour brings no day twice.
///
/// A request counts when it is decided on: those of the last moments may leave after midnight, no
/// more than there are connections. One that is sent anew, since a kept connection was closed just
/// then, counts once.
class DailyBudget {
 public:
  /// Zero: no limit. May change at any time.
  void set_limit(std::uint64_t requests);

  /// What the process before had reserved.
  void recall(const DayRequests& reserved);

  /// Before anything else is asked: the day may have turned.
  void look_at(Wall now);

  bool is_limited() const { return limit_ > 0; }
  std::uint64_t limit() const { return limit_; }
  /// Today, by this process and by those before it.
  std::uint64_t spent() const { return spent_; }
  /// Of the day's requests, for the last polls.
  std::uint64_t kept() const;

  /// What is left is kept for last polls. So it stays until the day turns or the limit changes,
  /// lest polling stutter along the edge.
  bool is_spent() const { return is_spent_; }

  /// A request may go out now: it is reserved, and within the limit.
  bool allows() const { return !is_limited() || (spent_ < reserved_ && spent_ < limit_); }
  /// Nothing is left, not even for last polls.
  bool is_used_up() const { return is_limited() && spent_ >= limit_; }

  void spend(bool is_last_poll);

  /// What is to be made durable before more can go out; nothing: enough is, or soon will be.
  std::optional<DayRequests> next_reservation();
  /// It is durable. `last_polls` deadlines come before the day ends.
  void reserved(const DayRequests& durable, std::uint64_t last_polls);

  /// What the queue should keep when no more go out; nothing: it is what it keeps already.
  std::optional<DayRequests> give_back();

  /// Requests per second at which what is left lasts until the day ends, for a steady pace.
  double rate(Wall now) const;

 private:
  std::uint64_t step() const { return limit_ / 256 + 1; }
  void see_whether_spent();

  std::uint64_t limit_ = 0;
  AccountDay day_ = 0;
  std::uint64_t spent_ = 0;
  std::uint64_t reserved_ = 0;  // Of this day, durably.
  std::uint64_t last_polls_ = 0;
  bool is_reserving_ = false;
  bool is_spent_ = false;
};

}  // namespace attestrd
