#include "daemon/service/notice_writer.h"

#include <gtest/gtest.h>

namespace attestrd {
namespace {

TEST(NoticeWriterTest, CountsWhatHasAMetric) {
  NoticeWriter writer({.level = Level::error, .format = LogFormat::json}, Descriptor());
  const auto say = [&writer](Event event, std::optional<Outcome> outcome = {},
                             std::string reason = "") {
    Notice notice(event, "it is not written");
    notice.level = Level::info;
    notice.outcome = outcome;
    notice.reason = std::move(reason);
    if (outcome) notice.handshake = HandshakeId::parse("DS01");
    writer.say(notice);
  };
  say(Event::handshake_completed, Outcome::completed);
  say(Event::handshake_completed, Outcome::completed);
  say(Event::handshake_archived, Outcome::archived);
  for (const auto* const reason : {"not_found", "expired", "unreachable", "cancelled"})
    say(Event::handshake_failed, Outcome::failed, reason);
  for (const auto* const reason :
       {"invalid_signature", "wrong_id", "duplicate_key", "tag_mismatch", "replayed"})
    say(Event::handshake_rejected, Outcome::rejected, reason);
  say(Event::signature_repeated);
  say(Event::inbox_refused);
  say(Event::spool_conflict, Outcome::completed);
  say(Event::poll_error);
  const Metrics& counters = writer.counters();
  EXPECT_EQ(counters.value(Metric::handshakes_ended, "completed,none"), 2);
  for (const auto label :
       metric_rows()[static_cast<std::size_t>(Metric::handshakes_ended)].label_values().subspan(1))
    EXPECT_EQ(counters.value(Metric::handshakes_ended, label), 1) << label;
  EXPECT_EQ(counters.total(Metric::handshakes_ended, "failed"), 4);
  EXPECT_EQ(counters.value(Metric::signature_repeats), 1);
  EXPECT_EQ(counters.value(Metric::submissions_refused), 1);
  EXPECT_EQ(counters.value(Metric::spool_conflicts), 1);
}

TEST(NoticeWriterTest, RemembersTheLastEndingsTheLatestFirst) {
  NoticeWriter writer({.level = Level::error, .format = LogFormat::json}, Descriptor());
  for (int i = 0; i < 25; ++i) {
    Notice notice(Event::handshake_failed);
    notice.level = Level::info;
    notice.outcome = Outcome::failed;
    notice.handshake = HandshakeId::parse("DS" + std::to_string(i));
    notice.reason = "expired";
    writer.say(notice);
  }
  const auto endings = writer.last_endings();
  ASSERT_EQ(endings.size(), 20U);
  EXPECT_EQ(endings.front().handshake, "DS24");
  EXPECT_EQ(endings.front().outcome, "failed");
  EXPECT_EQ(endings.front().reason, "expired");
  EXPECT_EQ(endings.back().handshake, "DS5");
}

}  // namespace
}  // namespace attestrd
