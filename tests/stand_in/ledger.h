#pragma once

#include "account_limits.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>

namespace attestrd::simulator {

/// One request and what became of it.
struct Entry {
  std::int64_t unix_us = 0;  ///< When the request had been read.
  std::string id;
  int status = 0;           ///< 0 when nothing was sent.
  std::string_view answer;  ///< As in Reply, or `aborted` when the client left before its end.
  std::string_view fault;   ///< Empty when none was played.
  std::uint64_t connection = 0;
  bool limited = false;  ///< Refused by the rate limit or the daily limit.
};

/// Counts what was asked and answered.
class Ledger {
 public:
  void count_connection() { ++connections_; }

  /// A request has been read.
  void count_arrival(SteadyTime now);

  /// It has been answered, as far as it was.
  void count(const Entry& entry);

  /// JSON for programs: `requests`, `by_answer`, `distinct_ids`, `completed_ids` (distinct, with a
  /// good completed answer sent whole), `peak_requests_per_second` (in any one second),
  /// `connections`, `rate_limited`. A request without its answer yet counts in `requests` and the
  /// peak alone.
  std::string summary() const;

 private:
  std::size_t requests_ = 0;
  std::size_t connections_ = 0;
  std::size_t rate_limited_ = 0;
  std::size_t completed_ids_ = 0;
  std::size_t peak_ = 0;
  SlidingSecond last_second_;
  std::map<std::string, std::size_t, std::less<>> by_answer_;
  std::unordered_map<std::string, bool> is_completed_;  ///< By id.
};

/// The entry as one line of JSON, with its line feed.
std::string log_line(const Entry& entry);

}  // namespace attestrd::simulator
