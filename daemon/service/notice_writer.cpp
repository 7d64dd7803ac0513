#include "daemon/service/notice_writer.h"

#include <unistd.h>

namespace attestrd {

NoticeWriter::NoticeWriter(const Config::Log& settings)
    : log_(settings.level, settings.format, STDOUT_FILENO) {}

void NoticeWriter::say(const Notice& notice) {
  if (notice.event == Event::inbox_refused) counters_.add(Metric::submissions_refused);
  if (notice.event == Event::spool_conflict) counters_.add(Metric::spool_conflicts);
  if (notice.event == Event::handshake_readmitted)  // The engine counts all other endings.
    counters_.add(Metric::handshakes_ended, name_of(Outcome::completed));
  log_.write(notice);
}

void NoticeWriter::say_doubtful(const std::vector<DoubtfulSecret>& secrets) {
  for (const DoubtfulSecret& secret : secrets) {
    Notice notice(Event::config_doubtful, secret.what);
    notice.file = secret.file;
    say(notice);
  }
}

void NoticeWriter::configure(const Config::Log& settings) {
  log_.set_level(settings.level);
  log_.set_format(settings.format);
}

}  // namespace attestrd
