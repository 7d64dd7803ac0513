#include "daemon/service/notice_writer.h"

#include <fmt/format.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "runtime/system_clock.h"

namespace attestrd {

namespace {

/// Returns the reason of an ending, or "none": the label of the metric for endings without one.
std::string_view reason_of(const Notice& notice) {
  return notice.reason.empty() ? name_of(Reason::none) : notice.reason;
}

}  // namespace

NoticeWriter::NoticeWriter(const Config::Log& settings, Descriptor output)
    : log_(settings.level, settings.format, std::move(output)) {}

void NoticeWriter::say(const Notice& notice) {
  count(notice);
  log_.write(notice);
}

void NoticeWriter::count(const Notice& notice) {
  switch (notice.event) {
    case Event::handshake_completed:
    case Event::handshake_archived:
    case Event::handshake_failed:
    case Event::handshake_rejected:
      remember(notice);
      return counters_.add(Metric::handshakes_ended,
                           fmt::format("{},{}", name_of(*notice.outcome), reason_of(notice)));
    case Event::inbox_refused: return counters_.add(Metric::submissions_refused);
    case Event::spool_conflict: return counters_.add(Metric::spool_conflicts);
    case Event::spool_expired:
      if (!notice.count) return;
      return counters_.add(Metric::spool_expired, notice.file, static_cast<double>(*notice.count));
    case Event::signature_repeated: return counters_.add(Metric::signature_repeats);
    default: return;
  }
}

void NoticeWriter::remember(const Notice& notice) {
  constexpr std::size_t kMost = 20;
  endings_.push_front({read_clocks().wall, std::string(notice.handshake->view()),
                       std::string(name_of(*notice.outcome)), notice.reason});
  if (endings_.size() > kMost) endings_.pop_back();
}

void NoticeWriter::measure(Metrics& metrics) const {
  metrics.add(Metric::log_dropped, {}, static_cast<double>(log_.dropped()));
}

void NoticeWriter::say_doubtful(const std::vector<DoubtfulFile>& files) {
  for (const DoubtfulFile& doubtful : files) {
    Notice notice(Event::config_doubtful, doubtful.what);
    notice.file = doubtful.file;
    say(notice);
  }
}

void NoticeWriter::configure(const Config::Log& settings, Descriptor output) {
  log_.set_output(std::move(output));
  log_.set_level(settings.level);
  log_.set_format(settings.format);
}

}  // namespace attestrd
