#pragma once

#include <vector>

#include "daemon/config/config.h"
#include "daemon/config/secrets.h"
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
  void say_doubtful(const std::vector<DoubtfulSecret>& secrets);

  void configure(const Config::Log& settings, Descriptor output);

  const Metrics& counters() const { return counters_; }

 private:
  void count(const Notice& notice);

  Logger log_;
  Metrics counters_;
};

}  // namespace attestrd
