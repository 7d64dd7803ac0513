#include "queue/postgres/move/postgres_move.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "io/queue_rows.h"
#include "postgres/fleet_scene.h"

namespace attestrd::test {
namespace {

using std::chrono::hours;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr const char* kMark = "00000000-0000-0000-0000-000000000001";

class PostgresMoveTest : public ::testing::Test {
 protected:
  static PostgresMove open(const Membership& member) {
    return PostgresMove(Fleet::connect(address_in("ATTESTRD_POSTGRES")), member);
  }

  static MovedFacts facts() {
    MovedFacts facts;
    facts.clocks = {{1, "boot", {}, hours(1), hours(9)}, {2, "next", {}, hours(2), hours(10)}};
    Hazard hazard;
    hazard.saw_done(std::chrono::seconds(10), std::chrono::seconds(20));
    facts.learnt = hazard.write();
    facts.reserved = DayRequests{20'000, 300};
    facts.pause.since = kNow;
    return facts;
  }

  /// Returns a pending row, a staged one and a tombstone, in the order of their ids.
  static std::vector<MovedRow> rows() {
    SignaturePrefix signature;
    signature.fill(7);
    QueuedHandshake pending{
        id_of("DSpending"), std::string("a \"tag\"\0\\", 9), kNow + hours(2), {}, {}};
    pending.expiry = kNow + hours(50);
    pending.last_pending_at = kNow + hours(3);
    pending.polls = 5;
    pending.boot = 2;
    pending.attempt = 1;
    pending.is_held = true;
    StagedHandshake staged{id_of("DSstaged"), Outcome::rejected, Reason::wrong_id, kNow,
                           fingerprint_of("record")};
    staged.signature = signature;
    staged.readmitted_from = "DSstaged.json";
    Tombstone ended{id_of("DSended"), Outcome::completed,     kNow, "tag", 2,
                    signature,        "rejected/DSended.json"};
    return {{{ended, {}}, hours(4)},
            {{pending, {}, signature}},
            {{staged, QueuedHandshake{staged.id, "s", kNow + hours(1), {}, {}, 0, 1}, signature}}};
  }

  static std::vector<HandshakeId> put_all(PostgresMove& move, const MovedFacts& facts,
                                          const std::vector<MovedRow>& rows) {
    EXPECT_TRUE(move.begin());
    EXPECT_TRUE(move.put_facts(facts));
    return expected(move.put(rows));
  }

  static std::vector<MovedRow> take_all(PostgresMove& move) {
    std::vector<MovedRow> rows;
    for (;;) {
      const auto page = expected(move.take(2));
      if (page.empty()) return rows;
      rows.insert(rows.end(), page.begin(), page.end());
    }
  }

  static void expect_same(const std::vector<MovedRow>& some, const std::vector<MovedRow>& others) {
    ASSERT_EQ(some.size(), others.size());
    for (std::size_t i = 0; i < some.size(); ++i) EXPECT_EQ(text_of(some[i]), text_of(others[i]));
  }

  /// Returns all members of a row as text.
  static std::string text_of(const MovedRow& row) {
    const auto& [any, again, signature] = row.saved;
    std::string text = std::to_string(row.running.count());
    if (const auto* const queued = std::get_if<QueuedHandshake>(&any)) text += text_of(*queued);
    if (again) text += text_of(*again);
    if (const auto* const staged = std::get_if<StagedHandshake>(&any))
      text += std::string(name_of(staged->outcome)) + '|' + std::string(name_of(staged->reason)) +
              '|' + std::to_string(milliseconds_of(staged->finished_at)) + '|' +
              std::to_string(staged->record == fingerprint_of("record")) + '|' +
              staged->readmitted_from + '|' + std::to_string(staged->signature.has_value());
    if (const auto* const ended = std::get_if<Tombstone>(&any))
      text += std::string(ended->id.view()) + '|' + std::string(name_of(ended->outcome)) + '|' +
              std::to_string(milliseconds_of(ended->finished_at)) + '|' + ended->tag + '|' +
              std::to_string(ended->attempt) + '|' + ended->diverted_to + '|' +
              std::to_string(ended->signature.has_value());
    if (signature) text += '|' + std::to_string((*signature)[15]);
    return text;
  }

  static std::string text_of(const QueuedHandshake& row) {
    return '|' + std::string(row.id.view()) + '|' + row.tag + '|' +
           std::to_string(milliseconds_of(row.submitted_at)) + '|' +
           (row.expiry ? std::to_string(milliseconds_of(*row.expiry)) : "") + '|' +
           (row.last_pending_at ? std::to_string(milliseconds_of(*row.last_pending_at)) : "") +
           '|' + std::to_string(row.polls) + '|' + std::to_string(row.boot) + '|' +
           std::to_string(row.attempt) + '|' + std::to_string(row.is_held) + '|';
  }

  static void change_own(PostgresQueue& queue, std::vector<RowChange> changes) {
    QueueBatch batch;
    batch.fence = expected(queue.claim(10)).fence;
    batch.changes = std::move(changes);
    expected(queue.write(batch, kNow));
  }

  bool is_committed(const Membership& member, const std::string& mark = kMark) {
    return expected(is_move_committed(fleet_.connection(), member.spool, mark));
  }

  std::int64_t number(const std::string& sql) { return fleet_.sql(sql).front().number(0, 0); }

  Fleet fleet_{address_in("ATTESTRD_POSTGRES")};
};

TEST_F(PostgresMoveTest, RowsThatGoInComeOutAsTheyWere) {
  auto member = fleet_.enter("a");
  {
    auto in = open(member);
    EXPECT_THAT(put_all(in, facts(), rows()), IsEmpty());
    EXPECT_EQ(number("SELECT count(*) FROM attestrd.handshake"), 0) << "before the commit";
    EXPECT_FALSE(is_committed(member, "00000000-0000-0000-0000-000000000002"));
  }
  // is_committed() has stopped that one; the next one is not disturbed.
  auto in = open(member);
  EXPECT_THAT(put_all(in, facts(), rows()), IsEmpty());
  ASSERT_TRUE(in.finish_putting(kMark));
  EXPECT_TRUE(is_committed(member));
  EXPECT_FALSE(expected(find_node(fleet_.connection(), "a"))->is_alive);
  EXPECT_EQ(number("SELECT count(*) FROM attestrd.handshake WHERE state = 'staged' AND spool = '" +
                   member.spool + "'"),
            1);
  member = fleet_.enter("a");
  EXPECT_FALSE(is_committed(member));
  EXPECT_EQ(member.shelves.size(), 16U);
  ASSERT_TRUE(check_sole_owner(fleet_.connection(), member));
  auto out = open(member);
  ASSERT_TRUE(out.begin());
  const auto taken = expected(out.take_facts());
  const auto given = facts();
  EXPECT_EQ(taken.clocks, given.clocks);
  EXPECT_EQ(taken.learnt, given.learnt);
  EXPECT_EQ(taken.reserved->requests, given.reserved->requests);
  EXPECT_EQ(taken.pause.since, given.pause.since);
  expect_same(take_all(out), rows());
  ASSERT_TRUE(out.finish_taking(kMark));
  EXPECT_TRUE(is_committed(member));
  EXPECT_EQ(number("SELECT (SELECT count(*) FROM attestrd.handshake) + (SELECT count(*) FROM "
                   "attestrd.boot) + (SELECT count(*) FROM attestrd.reservation) + (SELECT "
                   "count(*) FROM attestrd.learnt) + (SELECT count(operator_pause_since) FROM "
                   "attestrd.account)"),
            0);
}

TEST_F(PostgresMoveTest, BootsAndRunningTimesFollowThoseOfTheNode) {
  const auto member = fleet_.enter("a");
  fleet_.sql(
      "INSERT INTO attestrd.boot SELECT number, 5, 'here', 0, 0, 0, 3600000000 "
      "FROM attestrd.node");
  auto in = open(member);
  EXPECT_THAT(put_all(in, facts(), rows()), IsEmpty());
  ASSERT_TRUE(in.finish_putting(kMark));
  EXPECT_EQ(number("SELECT max(number) FROM attestrd.boot"), 7);
  EXPECT_EQ(number("SELECT max(running_us) / 3600000000 FROM attestrd.boot"), 11);
  EXPECT_EQ(number("SELECT running_ms / 3600000 FROM attestrd.handshake WHERE id = 'DSended'"), 5);
  EXPECT_EQ(number("SELECT boot FROM attestrd.handshake WHERE id = 'DSpending'"), 7);
}

TEST_F(PostgresMoveTest, IdsThatAreThereAlreadyAreReturned) {
  const auto b = fleet_.open("b");
  ASSERT_TRUE(accept(*b, {"DSpending", "DSended", "DSother"}));
  const auto member = fleet_.enter("a");
  auto in = open(member);
  EXPECT_THAT(put_all(in, facts(), rows()), ElementsAre(id_of("DSpending")));
  in.roll_back();
  EXPECT_EQ(number("SELECT count(*) FROM attestrd.handshake"), 3);
  EXPECT_EQ(number("SELECT count(*) FROM attestrd.boot WHERE node <> 1"), 0);
}

TEST_F(PostgresMoveTest, AProcessThatWasReplacedOrDeclaredDeadMovesNothing) {
  const auto member = fleet_.enter("a");
  auto in = open(member);
  put_all(in, facts(), rows());
  EXPECT_FALSE(is_committed(member)) << "the barrier";
  auto finished = in.finish_putting(kMark);
  ASSERT_FALSE(finished);
  EXPECT_EQ(finished.error().code, Errc::unavailable);
  EXPECT_FALSE(in.is_outcome_unknown());
  auto second = open(member);
  put_all(second, facts(), rows());
  const auto seen = *expected(find_node(fleet_.connection(), "a"));
  ASSERT_TRUE(expected(declare_dead(fleet_.connection(), "a", {seen.instance, seen.beat})));
  finished = second.finish_putting(kMark);
  ASSERT_FALSE(finished);
  EXPECT_FALSE(second.is_outcome_unknown());
  fleet_.enter("a");
  auto third = open(member);
  EXPECT_FALSE(third.begin());
  EXPECT_EQ(number("SELECT count(*) FROM attestrd.handshake"), 0);
}

TEST_F(PostgresMoveTest, WhatOthersOwnIsNamed) {
  const auto check = [this](const Membership& member) {
    const auto checked = check_sole_owner(fleet_.connection(), member);
    EXPECT_FALSE(checked);
    EXPECT_TRUE(!checked && checked.error().code == Errc::unavailable);
    return checked ? std::string() : checked.error().message;
  };
  const auto b = fleet_.open("b");
  ASSERT_TRUE(accept(*b, {"DS1", "DS2"}));
  const auto member = fleet_.enter("a");
  EXPECT_THAT(check(member), HasSubstr("the node b lives"));
  change_own(*b, {stage("DS1")});
  fleet_.sql("UPDATE attestrd.node SET alive = false WHERE name = 'b'");
  const auto text = check(member);
  EXPECT_THAT(text, HasSubstr("1 handshakes are those of the node b: start the daemon"));
  EXPECT_THAT(text, HasSubstr("1 records are on their way in the spool " + b->member().spool));
  fleet_.sql("DELETE FROM attestrd.handshake");
  EXPECT_TRUE(check_sole_owner(fleet_.connection(), member));
}

TEST_F(PostgresMoveTest, RowsThatComeMeanwhileStopAMoveIntoAFile) {
  const auto a = fleet_.open("a");
  ASSERT_TRUE(accept(*a, {"DS1", "DS3"}));
  auto out = open(a->member());
  ASSERT_TRUE(out.begin());
  expected(out.take_facts());
  EXPECT_EQ(take_all(out).size(), 2U);
  ASSERT_TRUE(accept(*fleet_.open("b"), {"DS2"}));
  const auto finished = out.finish_taking(kMark);
  ASSERT_FALSE(finished);
  EXPECT_THAT(finished.error().message, HasSubstr("try again"));
  EXPECT_EQ(number("SELECT count(*) FROM attestrd.handshake"), 3);
  EXPECT_FALSE(is_committed(a->member()));
}

TEST_F(PostgresMoveTest, ATombstoneOfAnotherNodeAgesAnew) {
  {
    const auto b = fleet_.open("b");
    ASSERT_TRUE(accept(*b, {"DS1"}));
    change_own(*b, {stage("DS1"), done("DS1")});
    fleet_.sql("UPDATE attestrd.node SET alive = false");
  }
  const auto a = fleet_.open("a");
  QueueBatch batch;
  batch.clocks = {{1, "boot", {}, {}, hours(8)}};
  ASSERT_TRUE(a->write(batch, kNow));
  auto out = open(a->member());
  ASSERT_TRUE(out.begin());
  expected(out.take_facts());
  const auto taken = take_all(out);
  ASSERT_EQ(taken.size(), 1U);
  EXPECT_EQ(taken[0].running, hours(8));
}

}  // namespace
}  // namespace attestrd::test
