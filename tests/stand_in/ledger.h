#pragma once

#include "account_limits.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>

namespace attestrd::simulator {

/// One request and its answer.
struct Entry {
  std::int64_t unix_us = 0;  ///< Time at which the request had been read.
  std::string id;
  int status = 0;           ///< 0 if nothing was sent.
  std::string_view answer;  ///< As in Reply, or `aborted` if the client closed before its end.
  std::string_view fault;   ///< Empty if there was none.
  std::uint64_t connection = 0;
  bool limited = false;  ///< Refused by the rate limit or the daily limit.
};

/// A counter of requests and answers.
class Ledger {
 public:
  void count_connection() { ++connections_; }

  /// Counts a request that has been read.
  void count_arrival(SteadyTime now);

  /// Counts an answer that has been sent, completely or in part.
  void count(const Entry& entry);

  /// Returns JSON: `requests`, `by_answer`, `distinct_ids`, `completed_ids` (distinct, with a good
  /// completed answer sent completely), `peak_requests_per_second` (in any one second),
  /// `connections`, `rate_limited`. A request without an answer yet counts only in `requests` and
  /// the peak.
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

/// Returns the entry as one line of JSON, with its line feed.
std::string log_line(const Entry& entry);

}  // namespace attestrd::simulator
