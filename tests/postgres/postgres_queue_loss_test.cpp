// A database that has lost commits: its tables are set back while nodes use them.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

#include "postgres/fleet_scene.h"
#include "queue/postgres/postgres_queue.h"
#include "queue/postgres/postgres_register.h"

namespace attestrd::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;
using namespace std::chrono_literals;

const Wall kNow{1'700'000'000s};

HandshakeId id_of(std::string_view text) { return *HandshakeId::parse(text); }

Stage stage(std::string_view id) {
  return {{id_of(id), Outcome::failed, Reason::expired, kNow, fingerprint_of("record")}};
}

Done done(std::string_view id) { return {id_of(id), Outcome::failed}; }

class PostgresQueueLossTest : public ::testing::Test {
 protected:
  PostgresQueueLossTest() {
    fleet_.sql("DROP SCHEMA IF EXISTS saved CASCADE");
    fleet_.sql("CREATE SCHEMA saved");
  }

  static constexpr const char* kTables[] = {"node",    "writer",      "shelf",  "boot",
                                            "account", "reservation", "learnt", "handshake"};

  void save() {
    for (const std::string table : kTables)
      fleet_.sql("CREATE TABLE saved." + table + " AS TABLE attestrd." + table);
  }

  /// Loses all that was committed since save().
  void go_back() {
    std::vector<std::string> texts{"BEGIN", "SET LOCAL session_replication_role = replica"};
    for (const std::string table : kTables) {
      texts.push_back("DELETE FROM attestrd." + table);
      texts.push_back("INSERT INTO attestrd." + table + " OVERRIDING SYSTEM VALUE TABLE saved." +
                      table);
    }
    texts.emplace_back("COMMIT");
    PostgresPipeline pipeline;
    for (const auto& text : texts) pipeline.push_back({text.c_str()});
    const auto admin = Fleet::connect(address_in("ATTESTRD_POSTGRES_ADMIN"));
    expected(admin->run(pipeline));
  }

  QueueBatchResult write(PostgresQueue& queue, std::vector<RowChange> changes,
                         std::vector<const char*> submissions = {}) {
    QueueBatch batch;
    batch.fence = fence_;
    batch.running = 1h;
    batch.changes = std::move(changes);
    for (const auto* const id : submissions) batch.submissions.push_back({id_of(id), "7", {}});
    return expected(queue.write(batch, kNow));
  }

  std::vector<std::string> claim(PostgresQueue& queue) {
    std::vector<std::string> ids;
    for (;;) {
      const auto claim = expected(queue.claim(100));
      fence_ = claim.fence;
      for (const auto& row : claim.rows) ids.emplace_back(row.id.view());
      if (claim.rows.empty()) return ids;
    }
  }

  std::vector<std::string> renew(PostgresQueue& queue) {
    std::vector<std::string> ids;
    for (const auto& id : expected(queue.renew())) ids.emplace_back(id.view());
    return ids;
  }

  std::string state_of(const std::string& id) {
    const auto rows = fleet_.sql("SELECT state FROM attestrd.handshake WHERE id = '" + id + "'");
    return rows.front().rows() == 0 ? "none" : std::string(rows.front().text(0, 0));
  }

  /// Accepts ids and takes some of them to their ends; all after save() is lost later.
  void work(PostgresQueue& queue) {
    claim(queue);
    write(queue, {}, {"DSold", "DSstaged", "DSdone", "DSsaved"});
    save();
    write(queue, {}, {"DSnew"});
    write(queue, {}, {"DSnewdone"});
    write(queue, {stage("DSstaged"), stage("DSdone"), stage("DSnewdone")});
    write(queue, {done("DSdone"), done("DSnewdone")});
  }

  void expect_all_is_there(PostgresQueue& queue) {
    EXPECT_EQ(state_of("DSold"), "polling");
    EXPECT_EQ(state_of("DSnew"), "polling");
    EXPECT_EQ(state_of("DSstaged"), "staged");
    EXPECT_EQ(state_of("DSdone"), "done");
    EXPECT_EQ(state_of("DSnewdone"), "done");
    const auto staged = expected(queue.staged());
    ASSERT_EQ(staged.size(), 1U);
    EXPECT_EQ(staged.front().record, fingerprint_of("record"));
    EXPECT_EQ(queue.shared_member()->loss().found, 1U);
    EXPECT_EQ(queue.shared_member()->loss().repaired, 1U);
    EXPECT_EQ(queue.shared_member()->loss().rows, 4U);
  }

  Fleet fleet_{address_in("ATTESTRD_POSTGRES")};
  Fence fence_;
};

TEST_F(PostgresQueueLossTest, TheNextRoundWritesAgainWhatWasLost) {
  const auto queue = fleet_.open("first");
  work(*queue);
  go_back();
  EXPECT_EQ(state_of("DSnew"), "none");
  EXPECT_THAT(renew(*queue), UnorderedElementsAre("DSold", "DSsaved", "DSnew"));
  expect_all_is_there(*queue);
  EXPECT_THAT(claim(*queue), ElementsAre("DSnew", "DSold", "DSsaved"));
  EXPECT_THAT(claim(*queue), IsEmpty());
  EXPECT_THAT(renew(*queue), IsEmpty());
  EXPECT_EQ(write(*queue, {stage("DSnew")}).changes.at(0), Applied::applied);
  const auto times =
      fleet_.sql("SELECT submitted_at FROM attestrd.handshake WHERE id = 'DSnewdone'");
  EXPECT_EQ(times.front().time(0, 0), kNow);
}

/// The rows are lost first, and given again afterwards: a round that is tried again claims without
/// a renewal before.
TEST_F(PostgresQueueLossTest, AClaimDoesSoToo) {
  const auto queue = fleet_.open("first");
  work(*queue);
  go_back();
  EXPECT_THAT(claim(*queue), IsEmpty());
  EXPECT_THAT(renew(*queue), UnorderedElementsAre("DSold", "DSsaved", "DSnew"));
  EXPECT_THAT(claim(*queue), ElementsAre("DSnew", "DSold", "DSsaved"));
  expect_all_is_there(*queue);
}

/// Its first statement reads the round.
TEST_F(PostgresQueueLossTest, ABatchIsWrittenOnlyAfterwards) {
  const auto queue = fleet_.open("first");
  work(*queue);
  go_back();
  const auto written = write(*queue, {stage("DSold"), done("DSstaged")}, {"DSnewdone", "DSother"});
  EXPECT_EQ(state_of("DSstaged"), "done");
  EXPECT_EQ(state_of("DSnewdone"), "done");
  EXPECT_EQ(state_of("DSnew"), "polling");
  EXPECT_EQ(written.changes.at(0), Applied::not_ours) << "it is claimed anew first";
  EXPECT_EQ(written.changes.at(1), Applied::applied);
  EXPECT_TRUE(std::holds_alternative<AlreadyEnded>(written.acceptances.at(0)));
  EXPECT_TRUE(std::holds_alternative<InsertedRow>(written.acceptances.at(1)));
}

TEST_F(PostgresQueueLossTest, EvenTheEntryOfTheProcessMayBeLost) {
  save();
  const auto queue = fleet_.open("first");
  claim(*queue);
  write(*queue, {}, {"DSa", "DSb"});
  write(*queue, {stage("DSa")});
  const auto before = queue->member().instance;
  go_back();
  EXPECT_THAT(renew(*queue), UnorderedElementsAre("DSb"));
  EXPECT_THAT(claim(*queue), ElementsAre("DSb"));
  EXPECT_NE(queue->member().instance, before);
  EXPECT_EQ(state_of("DSa"), "staged");
}

TEST_F(PostgresQueueLossTest, NewEpochsAreAboveAllThatTheProcessHad) {
  const auto first = fleet_.open("first");
  const auto second = fleet_.open("second");
  claim(*second);
  save();
  fleet_.take_over(*first, *second);
  claim(*second);
  write(*second, {}, {"DSa"});
  fleet_.sql("UPDATE attestrd.shelf SET epoch = 40 WHERE instance = '" + second->member().instance +
             "'");
  renew(*second);
  claim(*second);
  go_back();
  claim(*second);
  for (const auto& shelf : second->member().shelves) EXPECT_EQ(shelf.epoch, 41);
}

TEST_F(PostgresQueueLossTest, WhatAnotherNodeStagedOrOwnsIsLeft) {
  const auto first = fleet_.open("first");
  const auto second = fleet_.open("second");
  claim(*first);
  write(*first, {}, {"DSa", "DSb"});
  save();
  write(*first, {stage("DSa")});
  write(*first, {done("DSa")});
  go_back();
  // Another node has taken the row over in the database that went back.
  fleet_.sql("UPDATE attestrd.handshake SET state = 'staged', spool = '" + second->member().spool +
             "', outcome = 'failed', reason = 'expired', finished_at = 1, length_bytes = 6, "
             "sha256 = decode(repeat('00', 32), 'hex'), revision = revision + 1 WHERE id = 'DSa'");
  claim(*first);
  EXPECT_EQ(state_of("DSa"), "staged");
  EXPECT_EQ(first->shared_member()->loss().rows, 0U);
}

TEST_F(PostgresQueueLossTest, ABeatNoticesThatItWentBack) {
  const auto queue = fleet_.open("first");
  PostgresRegister beats(Fleet::connect(address_in("ATTESTRD_POSTGRES")), queue->shared_member());
  expected(beats.beat({}));
  save();
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(expected(beats.beat({}))->loss.is_behind);
  go_back();
  EXPECT_TRUE(expected(beats.beat({}))->loss.is_behind);
  EXPECT_FALSE(expected(beats.beat({}))->loss.is_behind);
  claim(*queue);
  EXPECT_EQ(queue->shared_member()->loss().found, 0U) << "none of its commits was lost";
}

}  // namespace
}  // namespace attestrd::test
