#include "daemon/service/spool/spool_levels.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/limits.h"
#include "runtime/system_clock.h"
#include "spool/spool.h"

namespace attestrd {
namespace {

constexpr std::array kOutcomes = {Outcome::completed, Outcome::archived, Outcome::failed,
                                  Outcome::rejected};
constexpr std::array<std::string_view, 3> kPathNames = {"inbox", "spool", "queue"};

}  // namespace

SpoolLevels::SpoolLevels(boost::asio::any_io_executor loop, const Config& config)
    : surveyor_(std::move(loop)) {
  const auto& paths = config.paths;
  std::ranges::transform(kOutcomes, places_.folders.begin(), [&paths](Outcome outcome) {
    return (paths.spool / folder_of(outcome)).string();
  });
  places_.paths = {paths.inbox.string(), paths.spool.string(), paths.queue.parent_path().string()};
}

void SpoolLevels::survey_at_start() {
  constexpr auto kPatience = std::chrono::seconds(1);
  const auto levels = std::make_shared<Levels>();
  const auto end = begin_survey(levels);
  if (end.wait_for(kPatience) == std::future_status::ready) levels_ = *levels;
}

void SpoolLevels::check(Mono now) {
  if (!is_surveying_ && now >= next_survey_) begin_survey(std::make_shared<Levels>(levels_));
}

/// Begins a survey on the thread of the surveyor. It replaces `levels`, which must hold the levels
/// before. Returns a future for its end.
std::future<void> SpoolLevels::begin_survey(const std::shared_ptr<Levels>& levels) {
  is_surveying_ = true;
  const auto end = std::make_shared<std::promise<void>>();
  surveyor_.run(
      [this, levels, end] {
        *levels = survey(*levels);
        end->set_value();
      },
      [this, levels] {
        is_surveying_ = false;
        levels_ = *levels;
        next_survey_ =
            read_clocks().mono + std::max<Duration>(limits::kSpoolSurveyInterval,
                                                    levels_.took * limits::kSpoolSurveyShare);
      });
  return end->get_future();
}

/// Called on the thread of the surveyor. A folder that can't be read has no values.
SpoolLevels::Levels SpoolLevels::survey(const Levels& before) const {
  const Mono began = read_clocks().mono;
  Levels levels;
  for (std::size_t i = 0; i < kFolders; ++i) {
    const auto records =
        survey_records(places_.folders[i], before.folders[i].value_or(RecordSurvey{}), is_stopped_);
    if (records) levels.folders[i] = *records;
  }
  std::ranges::transform(places_.paths, levels.free_bytes.begin(), free_bytes);
  levels.took = read_clocks().mono - began;
  return levels;
}

void SpoolLevels::measure(Metrics& metrics, Wall now) const {
  for (std::size_t i = 0; i < kFolders; ++i) {
    const auto& folder = levels_.folders[i];
    if (!folder) continue;
    const auto name = folder_of(kOutcomes[i]);
    metrics.set(Metric::spool_waiting, static_cast<double>(folder->records), name);
    const Duration age = now - folder->oldest_at.value_or(now);
    metrics.set(Metric::spool_oldest_age,
                std::chrono::duration<double>(std::max(age, Duration(0))).count(), name);
  }
  for (std::size_t i = 0; i < kPaths; ++i) {
    if (const auto& bytes = levels_.free_bytes[i])
      metrics.set(Metric::free_bytes, static_cast<double>(*bytes), kPathNames[i]);
  }
}

}  // namespace attestrd
