#include "daemon/service/notice_writer.h"

#include <gtest/gtest.h>

namespace attestrd {
namespace {

TEST(NoticeWriterTest, CountsWhatHasAMetric) {
  NoticeWriter writer({.level = Level::error, .format = LogFormat::json}, Descriptor());
  const auto say = [&writer](Event event, std::optional<Outcome> outcome = {}) {
    Notice notice(event, "it is not written");
    notice.level = Level::info;
    notice.outcome = outcome;
    writer.say(notice);
  };
  say(Event::handshake_completed, Outcome::completed);
  say(Event::handshake_completed, Outcome::completed);
  say(Event::handshake_archived, Outcome::archived);
  say(Event::handshake_failed, Outcome::failed);
  say(Event::handshake_rejected, Outcome::rejected);
  say(Event::signature_repeated);
  say(Event::inbox_refused);
  say(Event::spool_conflict, Outcome::completed);
  say(Event::poll_error);
  const Metrics& counters = writer.counters();
  EXPECT_EQ(counters.value(Metric::handshakes_ended, "completed"), 2);
  for (const auto* const outcome : {"archived", "failed", "rejected"})
    EXPECT_EQ(counters.value(Metric::handshakes_ended, outcome), 1) << outcome;
  EXPECT_EQ(counters.value(Metric::signature_repeats), 1);
  EXPECT_EQ(counters.value(Metric::submissions_refused), 1);
  EXPECT_EQ(counters.value(Metric::spool_conflicts), 1);
}

}  // namespace
}  // namespace attestrd
