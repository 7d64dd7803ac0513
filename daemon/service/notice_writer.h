#pragma once

#include <vector>

#include "daemon/config/config.h"
#include "daemon/config/secrets.h"
#include "daemon/log/logging.h"
#include "log/notice.h"
#include "metrics/metrics.h"

namespace attestrd {

/// Writes notices to the log on stdout, and counts those that have a metric. Used on the event loop
/// only.
class NoticeWriter {
 public:
  explicit NoticeWriter(const Config::Log& settings);

  void say(const Notice& notice);
  void say_doubtful(const std::vector<DoubtfulSecret>& secrets);

  void configure(const Config::Log& settings);

  const Metrics& counters() const { return counters_; }
  /// Adds the number of lines that the log has dropped.
  void measure(Metrics& metrics) const;

 private:
  void count(const Notice& notice);

  Logger log_;
  Metrics counters_;
};

}  // namespace attestrd
