#include "daemon/control/explain.h"

#include <gtest/gtest.h>

#include <string>

#include "base/rfc3339.h"

namespace attestrd {
namespace {

using namespace std::chrono_literals;
using Wait = Explanation::Wait;

const Wall kNow{std::chrono::sys_days(std::chrono::year(2026) / 11 / 23) + 20h + 57min};

HandshakeId id() { return *HandshakeId::parse("DS1"); }

ExplainReport waiting(Wait wait) {
  Explanation why;
  why.wait = wait;
  why.due = 252s;
  why.age = 125s;
  why.until_deadline = 25h - 125s;
  why.since_pending = 12s;
  why.polls = 6;
  why.expected_polls = 13.6;
  why.chance_done = 0.0234;
  why.completions = 1204;
  return {id(), kNow, ExplainReport::Waiting{why, {}}};
}

ExplainReport ended(bool is_published) {
  return {id(), kNow, ExplainReport::Ended{Outcome::completed, kNow - 3h, is_published}};
}

ExplainReport pending(bool has_daemon) {
  const QueuedHandshake row{id(), "a tag", kNow - 1h, kNow + 1h, kNow - 5s, 4};
  return {id(), kNow, ExplainReport::Queued{row, has_daemon}};
}

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

bool holds(const std::string& text, std::string_view part) { return text.find(part) != text.npos; }

TEST(ExplainText, HasTheReasonAndTheEndOfAWait) {
  EXPECT_EQ(explain_text(waiting(Wait::result)),
            "DS1 waits until a result is likely enough to be worth a poll.\n"
            "next poll             in 4m 12s (252 s), at 2026-11-23T21:01:12.000000Z\n"
            "polls                 6 so far, about 14 more to come\n"
            "chance it is done     2.3 % by now, as learnt from 1204 completions\n"
            "deadline              in 1d 0h, at 2026-11-24T21:54:55.000000Z\n"
            "last \"not yet\"        12s ago\n"
            "submitted             2m 5s ago\n");
}

TEST(Explain, ShowsTroubleOfItsOwn) {
  auto report = waiting(Wait::retry);
  auto& why = std::get<ExplainReport::Waiting>(report.found).why;
  EXPECT_FALSE(holds(explain_json(report), R"("errors")"));
  why.errors = 7;
  EXPECT_TRUE(holds(explain_text(report), "trouble of its own    7 polls in a row\n"));
  EXPECT_FALSE(holds(explain_json(report), R"("trouble")"));
  const std::pair<PendingRecord::Suspicion, std::string> names[] = {
      {PendingRecord::Suspicion::unknown, "unknown"},
      {PendingRecord::Suspicion::archived, "archived"},
      {PendingRecord::Suspicion::wrong_id, "wrong_id"},
      {PendingRecord::Suspicion::duplicate_key, "duplicate_key"},
      {PendingRecord::Suspicion::invalid_signature, "invalid_signature"},
      {PendingRecord::Suspicion::tag_mismatch, "tag_mismatch"},
      {PendingRecord::Suspicion::unreachable, "unreachable"}};
  for (const auto& [suspicion, name] : names) {
    why.suspicion = suspicion;
    EXPECT_TRUE(holds(explain_text(report), "7 polls in a row: " + name + "\n"));
    EXPECT_TRUE(holds(explain_json(report), R"("errors":7,"trouble":")" + name));
  }
}

TEST(ExplainText, HasWordsForEachWait) {
  const auto why = [](Wait wait) { return first_line(explain_text(waiting(wait))); };
  EXPECT_EQ(why(Wait::interval),
            "DS1 waits for its interval to pass, which grows from poll to poll.");
  EXPECT_EQ(why(Wait::retry), "DS1 waits after a poll that went wrong.");
  EXPECT_EQ(why(Wait::deadline), "DS1 waits for its deadline, on which its last poll falls.");
  EXPECT_EQ(why(Wait::next_day), "DS1 waits for the next day: the requests of today are spent.");
  EXPECT_EQ(why(Wait::turn),
            "DS1 is due, and waits for its turn among others, within rate and connections.");
  EXPECT_EQ(why(Wait::answer), "DS1 is being asked for at this moment.");
  EXPECT_EQ(explain_text(waiting(Wait::record)),
            "DS1 has ended, and its record is being written.\n"
            "polls                 6\n"
            "last \"not yet\"        12s ago\n"
            "submitted             2m 5s ago\n");
}

TEST(ExplainText, BeginsWithTheHoldThatDelaysThePoll) {
  auto report = waiting(Wait::turn);
  auto& [why, daemon] = std::get<ExplainReport::Waiting>(report.found);
  why.due.reset();
  const auto expect_hold = [&report](const std::string& words, const std::string& name) {
    const auto text = explain_text(report);
    EXPECT_TRUE(text.starts_with("DS1 is not polled: " + words)) << text;
    EXPECT_TRUE(holds(text, "\nBesides, it is due, and waits for its turn")) << text;
    EXPECT_TRUE(holds(explain_json(report), "\"held_by\":\"" + name + '"'));
  };
  daemon.rate.held_until = kNow + 7s;
  why.due = 7s;
  expect_hold("Attestr demands by Retry-After that nothing is polled until " +
                  to_rfc3339(kNow + 7s) + ".\n",
              "retry_after");
  daemon.pause = StatusReport::Pause{"unauthorized", kNow - 61s, kNow + 40s};
  expect_hold(
      "the account is paused (unauthorized) for 1m 1s: one at a time asks whether it is over, the "
      "next in 40s.\n",
      "account_paused");
  daemon.backlog_full = true;
  expect_hold("the disk is slow: ", "backlog_full");
  daemon.queue_unavailable = true;
  expect_hold("the queue does not answer: ", "queue_unavailable");
  daemon.disk_full = true;
  expect_hold("the disk is full: ", "disk_full");
  daemon.operator_pause = kNow - 61s;
  expect_hold("an operator has paused all polls for 1m 1s; `attestrd resume` ends that.\n",
              "paused_by_operator");
  why.wait = Wait::release;
  EXPECT_TRUE(explain_text(report).starts_with("DS1 is held: it waits for `attestrd release`"));
  EXPECT_TRUE(holds(explain_json(report), R"("waits_for":"release")"));
  daemon.operator_pause.reset();
  why.wait = Wait::answer;
  EXPECT_TRUE(explain_text(report).starts_with(
      "DS1 is being asked for at this moment.\nBesides, the disk is full: "));
  why.wait = Wait::record;
  EXPECT_FALSE(holds(explain_text(report), "the disk is full"));
}

TEST(ExplainText, BeginsWithItsOwnReasonWhereTheHoldEndsBefore) {
  auto report = waiting(Wait::interval);
  auto& [why, daemon] = std::get<ExplainReport::Waiting>(report.found);
  daemon.rate.held_until = kNow + 7s;
  EXPECT_TRUE(explain_text(report).starts_with(
      "DS1 waits for its interval to pass, which grows from poll to poll.\nBesides, Attestr "));
  daemon.rate.held_until.reset();
  daemon.requests_today = StatusReport::Requests{900, 1000, 100, false, kNow + 3h};
  EXPECT_FALSE(holds(explain_text(report), "Besides"));
  daemon.requests_today->is_spent = true;
  why.wait = Wait::deadline;
  EXPECT_TRUE(explain_text(report).starts_with("DS1 waits for its deadline, "));
  EXPECT_TRUE(holds(explain_json(report), R"("held_by":"day_spent")"));
  why.wait = Wait::next_day;
  EXPECT_TRUE(explain_text(report).starts_with(
      "DS1 is not polled: of today's 1000 requests 900 are spent, and the rest is for last polls; "
      "the next day begins in 3h 0m.\nnext poll "));
}

TEST(ExplainText, HasTheOutcomeOfAnEndedHandshake) {
  EXPECT_EQ(explain_text(ended(true)),
            "DS1 has ended: completed.\n"
            "when                  3h 0m ago, at 2026-11-23T17:57:00.000000Z\n"
            "its record went to    results/DS1.json\n");
  EXPECT_TRUE(holds(explain_text(ended(false)), "its record goes to    results/DS1.json\n"));
}

TEST(Explain, SaysWhereADivertedRecordIs) {
  auto report = ended(true);
  std::get<ExplainReport::Ended>(report.found).diverted_to = "rejected/DS1.2.json";
  EXPECT_TRUE(holds(explain_text(report),
                    "its record went to    rejected/DS1.2.json\n"
                    "results/DS1.json is another file, which was there before.\n"));
  EXPECT_TRUE(holds(explain_json(report),
                    R"("file":"rejected/DS1.2.json","diverted_from":"results/DS1.json"})"));
  const auto found = case_of(EndedHandshake{Outcome::completed, {}, {}, "rejected/DS1.json"}, true);
  EXPECT_EQ(std::get<ExplainReport::Ended>(found).diverted_to, "rejected/DS1.json");
}

TEST(ExplainText, HasTheRowOfTheQueueWithoutADaemon) {
  EXPECT_EQ(explain_text(pending(false)),
            "DS1 is pending, and waits until a daemon runs.\n"
            "polls                 4\n"
            "submitted             1h 0m ago\n"
            "last \"not yet\"        5s ago\n"
            "expiry                2026-11-23T21:57:00.000000Z\n");
  EXPECT_EQ(first_line(explain_text(pending(true))), "DS1 is just being taken up.");
  EXPECT_TRUE(pending(true).is_known());
  auto held = pending(false);
  EXPECT_TRUE(holds(explain_json(held), R"("waits_for":"daemon","is_held":false,)"));
  std::get<ExplainReport::Queued>(held.found).row.is_held = true;
  EXPECT_TRUE(holds(explain_text(held), "\nBesides, it is held: "));
  const ExplainReport nobody{id(), kNow, {}};
  EXPECT_FALSE(nobody.is_known());
  EXPECT_TRUE(explain_text(nobody).starts_with("DS1 is not known: "));
}

TEST(ExplainJson, HasTheFieldsOfAWaitingHandshake) {
  EXPECT_EQ(explain_json(waiting(Wait::result)),
            R"({"id":"DS1","time":"2026-11-23T20:57:00.000000Z","state":"pending",)"
            R"("waits_for":"result","next_poll":"2026-11-23T21:01:12.000000Z",)"
            R"("next_poll_in_s":252,"held_by":null,)"
            R"("submitted_at":"2026-11-23T20:54:55.000000Z",)"
            R"("deadline":"2026-11-24T21:54:55.000000Z","polls":6,"expected_polls":14,)"
            R"("chance_done":2.34E-2,"learnt_from":1204,)"
            R"("last_pending_at":"2026-11-23T20:56:48.000000Z"})"
            "\n");
  auto answered = waiting(Wait::answer);
  auto& [why, daemon] = std::get<ExplainReport::Waiting>(answered.found);
  why.due.reset();
  why.since_pending.reset();
  daemon.pause = StatusReport::Pause{"forbidden", kNow, kNow + 5s};
  daemon.requests_today = StatusReport::Requests{1, 2, 0, false, kNow + 1h};
  EXPECT_TRUE(holds(explain_json(answered), R"("next_poll":null,"next_poll_in_s":null,)"));
  EXPECT_TRUE(holds(explain_json(answered), R"("last_pending_at":null)"));
  EXPECT_TRUE(holds(explain_json(answered), R"("next_canary":"2026-11-23T20:57:05.000000Z")"));
  EXPECT_TRUE(holds(explain_json(answered), R"("next_day":"2026-11-23T21:57:00.000000Z")"));
  EXPECT_TRUE(holds(explain_json(waiting(Wait::record)), R"("state":"ending")"));
}

TEST(ExplainJson, HasAWordForEachWait) {
  const auto word = [](Wait wait) {
    const auto text = explain_json(waiting(wait));
    const std::string_view key = R"("waits_for":")";
    const auto begin = text.find(key) + key.size();
    return text.substr(begin, text.find('"', begin) - begin);
  };
  EXPECT_EQ(word(Wait::result), "result");
  EXPECT_EQ(word(Wait::interval), "interval");
  EXPECT_EQ(word(Wait::retry), "retry");
  EXPECT_EQ(word(Wait::deadline), "deadline");
  EXPECT_EQ(word(Wait::next_day), "next_day");
  EXPECT_EQ(word(Wait::turn), "turn");
  EXPECT_EQ(word(Wait::answer), "answer");
  EXPECT_EQ(word(Wait::record), "record");
}

TEST(ExplainJson, HasTheFieldsOfOtherStates) {
  EXPECT_EQ(explain_json(ended(true)),
            R"({"id":"DS1","time":"2026-11-23T20:57:00.000000Z","state":"ended",)"
            R"("outcome":"completed","finished_at":"2026-11-23T17:57:00.000000Z",)"
            R"("file":"results/DS1.json"})"
            "\n");
  EXPECT_TRUE(holds(explain_json(ended(false)), R"("state":"ending")"));
  EXPECT_EQ(explain_json(pending(false)),
            R"({"id":"DS1","time":"2026-11-23T20:57:00.000000Z","state":"pending",)"
            R"("waits_for":"daemon","is_held":false,)"
            R"("submitted_at":"2026-11-23T19:57:00.000000Z",)"
            R"("expiry":"2026-11-23T21:57:00.000000Z",)"
            R"("last_pending_at":"2026-11-23T20:56:55.000000Z","polls":4})"
            "\n");
  EXPECT_TRUE(holds(explain_json(pending(true)), R"("waits_for":"intake")"));
  EXPECT_TRUE(holds(explain_json({id(), kNow, {}}), R"("state":"unknown")"));
}

TEST(Explain, NamesTheNodeOfAFleet) {
  auto report = waiting(Wait::result);
  EXPECT_FALSE(holds(explain_json(report), R"("node")"));
  report.node = {.name = "a", .is_alive = true};
  EXPECT_TRUE(holds(explain_json(report), R"("node":"a"})")) << explain_json(report);
  EXPECT_TRUE(explain_text(report).ends_with("\nnode                  a\n"));
}

TEST(Explain, SaysWhoPollsAHandshakeOfAnotherNode) {
  for (const bool has_daemon : {true, false}) {
    auto report = pending(has_daemon);
    report.node = {"b", "uuid", true};
    report.is_elsewhere = true;
    EXPECT_EQ(first_line(explain_text(report)), "DS1 is pending, and the node b polls it.");
    EXPECT_TRUE(holds(explain_json(report), R"("waits_for":"node")"));
    EXPECT_FALSE(holds(explain_json(report), "spool"));
    report.node.is_alive = false;
    EXPECT_EQ(first_line(explain_text(report)),
              "DS1 is pending, and waits until a living node takes it over: b is dead.");
    EXPECT_TRUE(holds(explain_json(report), R"("waits_for":"takeover")"));
    EXPECT_TRUE(explain_text(report).ends_with("node                  b, which is dead\n"));
  }
}

TEST(Explain, SaysWhoHasTheRecord) {
  auto report = ended(true);
  report.node = {"b", "uuid", true};
  report.is_elsewhere = true;
  EXPECT_TRUE(holds(explain_json(report), R"("node":"b","spool":"uuid"})"));
  EXPECT_TRUE(explain_text(report).ends_with("node                  b\n"));
  report.node = {.name = "", .spool = "uuid"};
  EXPECT_TRUE(holds(explain_json(report), R"("node":null,"spool":"uuid"})"));
  EXPECT_TRUE(explain_text(report).ends_with("node                  none has the spool uuid\n"));
}

}  // namespace
}  // namespace attestrd
