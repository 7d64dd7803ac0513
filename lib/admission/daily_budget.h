#pragma once

#include <cstdint>
#include <optional>

#include "base/account_day.h"
#include "base/time.h"

namespace attestrd {

/// The requests that a day may still see (`api.daily_requests`).
///
/// No crash loses count of a request. Each is reserved in the queue before it goes out, some at a
/// time, so that not every poll needs a commit: the budget asks for more, and hears how many it was
/// granted. What a process had reserved and not spent when it was killed passes for spent: at most
/// 1/256 of the day and one.
///
/// One request of the day is kept for each handshake whose deadline comes before the day ends, but
/// no more than half of them: a last poll can't wait until tomorrow. Which handshakes these are is
/// known early, since a deadline is seldom less than a day away.
///
/// Days are those of the machine's clock. A clock that moves on to another day begins a new budget,
/// whatever set it; a clock that goes back does not, and the count goes on. So a clock that was far
/// ahead and is corrected stops no poll, and one that is set back by less than an hour brings no
/// day twice.
///
/// A request counts when it is decided on: the last ones of a day may leave after midnight, no more
/// than there are connections. One that is sent anew because a kept connection was just closed
/// counts once.
class DailyBudget {
 public:
  /// Zero: no limit. May change at any time.
  void set_limit(std::uint64_t requests);

  /// Sets the requests of a day that count as spent, as the queue stores them.
  void recall(const DayRequests& spent);

  /// Begins the day of `now` if it is a new one. Call it before any other question.
  void advance_to(Wall now);

  bool is_limited() const { return limit_ > 0; }
  std::uint64_t limit() const { return limit_; }
  /// Requests of today: those of this process, and those that counted as spent before.
  std::uint64_t spent() const { return spent_; }
  /// Requests of the day that are kept for last polls.
  std::uint64_t kept() const;

  /// Only requests that are kept for last polls are left. It stays so until the day turns or the
  /// limit changes, since polling would stutter along the edge otherwise.
  bool is_spent() const { return is_spent_; }

  /// A request may go out now: it is reserved, and within the limit.
  bool allows() const { return !is_limited() || (spent_ < reserved_ && spent_ < limit_); }
  /// Nothing is left, not even for last polls.
  bool is_used_up() const { return is_limited() && spent_ >= limit_; }
  /// A reservation was asked for, and reserved() is still to come.
  bool is_reserving() const { return is_reserving_; }

  void spend(bool is_last_poll);

  /// How many more requests should be reserved now; nothing: enough are, or soon will be.
  std::optional<DayRequests> next_reservation();
  /// Adds what was granted. Where that is less than was wanted, other owners have reserved the rest
  /// of the day: it counts as spent. `last_polls` deadlines come before the day ends.
  void reserved(const Reservation& answer, std::uint64_t last_polls);

  /// How many reserved requests will not be spent, now that polling stops; nothing: none. They
  /// are no longer reserved.
  std::optional<DayRequests> give_back();

  /// Requests per second at which the rest lasts until the day ends, for a steady pace.
  double rate(Wall now) const;

 private:
  std::uint64_t step() const { return limit_ / 256 + 1; }
  void see_whether_spent();

  std::uint64_t limit_ = 0;
  AccountDay day_ = 0;
  std::uint64_t spent_ = 0;
  std::uint64_t reserved_ = 0;  // Of this day, durably; those that are spent are among them.
  std::uint64_t last_polls_ = 0;
  bool is_reserving_ = false;
  bool is_spent_ = false;
};

}  // namespace attestrd
