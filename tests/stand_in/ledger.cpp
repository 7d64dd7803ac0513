#include "ledger.h"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace attestrd::simulator {

void Ledger::count_arrival(SteadyTime now) {
  ++requests_;
  last_second_.add(now);
  peak_ = std::max(peak_, last_second_.count(now));
}

void Ledger::count(const Entry& entry) {
  ++by_answer_[std::string(entry.answer)];
  if (entry.limited) ++rate_limited_;
  if (entry.id.empty()) return;
  bool& is_completed = is_completed_[entry.id];
  if (entry.answer == "completed" && !std::exchange(is_completed, true)) ++completed_ids_;
}

std::string Ledger::summary() const {
  boost::json::object by_answer;
  for (const auto& [answer, count] : by_answer_) by_answer[answer] = count;
  const boost::json::object summary{{"requests", requests_},
                                    {"by_answer", std::move(by_answer)},
                                    {"distinct_ids", is_completed_.size()},
                                    {"completed_ids", completed_ids_},
                                    {"peak_requests_per_second", peak_},
                                    {"connections", connections_},
                                    {"rate_limited", rate_limited_}};
  return boost::json::serialize(summary) + "\n";
}

/// Writes the entry without JSON escapes, which ids, answers and faults do not need.
std::string log_line(const Entry& entry) {
  return fmt::format(
      R"({{"time_us":{},"id":"{}","status":{},"answer":"{}","fault":"{}","connection":{}}})"
      "\n",
      entry.unix_us, entry.id, entry.status, entry.answer, entry.fault, entry.connection);
}

}  // namespace attestrd::simulator
