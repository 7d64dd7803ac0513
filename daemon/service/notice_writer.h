#pragma once

#include <deque>
#include <vector>

#include "daemon/config/config.h"
#include "daemon/config/secrets.h"
#include "daemon/control/questions.h"
#include "daemon/log/logging.h"
#include "log/notice.h"
#include "metrics/metrics.h"

namespace attestrd {

/// Writes notices to the log, and counts those that have a metric. Used on the event loop
/// only.
class NoticeWriter {
 public:
  NoticeWriter(const Config::Log& settings, Descriptor output);

  void say(const Notice& notice);
  void say_doubtful(const std::vector<DoubtfulFile>& files);

  void configure(const Config::Log& settings, Descriptor output);

  const Metrics& counters() const { return counters_; }
  /// Returns the last endings that were logged, the latest first.
  std::vector<RecentEnding> last_endings() const { return {endings_.begin(), endings_.end()}; }
  /// Adds the number of lines that the log has dropped.
  void measure(Metrics& metrics) const;

 private:
  void count(const Notice& notice);
  void remember(const Notice& notice);

  Logger log_;
  Metrics counters_;
  std::deque<RecentEnding> endings_;
};

}  // namespace attestrd
