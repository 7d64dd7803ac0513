#pragma once

#include <boost/asio/any_io_executor.hpp>

#include <array>
#include <atomic>
#include <cstdint>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "base/time.h"
#include "daemon/config/config.h"
#include "metrics/metrics.h"
#include "runtime/side_thread.h"
#include "spool/posix_record_survey.h"

namespace attestrd {

/// The records in the folders of the spool and the free space of the disks, for the metrics. They
/// are surveyed outside of the event loop, every 10 seconds or more seldom, so that surveys take a
/// twentieth of a thread at most. A value is absent until it is known.
class SpoolLevels {
 public:
  SpoolLevels(boost::asio::any_io_executor loop, const Config& config);

  /// Ends the survey that is in progress.
  ~SpoolLevels() { is_stopped_ = true; }
  SpoolLevels(SpoolLevels&&) = delete;

  /// Begins the first survey, and waits for its end for at most a second: metrics that are read
  /// from then on have all values, unless the spool is huge or its disk hangs.
  void survey_at_start();

  /// Begins another survey if it is time. To be called at intervals.
  void check(Mono now);

  void measure(Metrics& metrics, Wall now) const;

 private:
  static constexpr std::size_t kFolders = 4;  ///< Of records: one for each outcome.
  static constexpr std::size_t kPaths = 3;    ///< Of the file systems whose free space is asked.

  /// The paths, which no reload changes.
  struct Places {
    std::array<std::string, kFolders> folders;
    std::array<std::string, kPaths> paths;
  };
  struct Levels {
    std::array<std::optional<RecordSurvey>, kFolders> folders;
    std::array<std::optional<std::uint64_t>, kPaths> free_bytes;
    Duration took{0};
  };

  std::future<void> begin_survey(const std::shared_ptr<Levels>& levels);
  Levels survey(const Levels& before) const;

  Places places_;
  Levels levels_;
  bool is_surveying_ = false;
  Mono next_survey_ = Mono::min();
  std::atomic<bool> is_stopped_ = false;
  SideThread surveyor_;  ///< Destroyed first: it waits for a survey.
};

}  // namespace attestrd
