// Tests of the queue beyond its contract: faults of the connection, and nodes that die.

#include "queue/postgres/postgres_queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <string>
#include <thread>

#include "postgres/cutting_proxy.h"
#include "postgres/fleet_scene.h"

namespace attestrd::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;
using Cut = CuttingProxy::Cut;
using namespace std::chrono_literals;

const Wall kNow{1'700'000'000s};

HandshakeId id_of(std::string_view text) { return *HandshakeId::parse(text); }

Stage stage(std::string_view id, std::string_view record = "record") {
  return {{id_of(id), Outcome::failed, Reason::expired, kNow, fingerprint_of(record)}};
}

Done done(std::string_view id) { return {id_of(id), Outcome::failed}; }

std::vector<std::string> texts_of(const std::vector<HandshakeId>& ids) {
  std::vector<std::string> texts;
  for (const auto& id : ids) texts.emplace_back(id.view());
  return texts;
}

/// A process of a node, as its ledger uses it.
struct Node {
  explicit Node(std::unique_ptr<PostgresQueue> its, std::size_t page = 100)
      : queue(std::move(its)), claimed(claim(page)) {}

  std::vector<std::string> claim(std::size_t page = 100) {
    std::vector<std::string> ids;
    for (;;) {
      const auto claim = expected(queue->claim(page));
      fence = claim.fence;
      for (const auto& row : claim.rows) ids.emplace_back(row.id.view());
      if (claim.rows.empty()) return ids;
    }
  }

  QueueBatch batch() const {
    QueueBatch batch;
    batch.fence = fence;
    return batch;
  }

  QueueBatch batch_of(std::initializer_list<RowChange> changes,
                      std::initializer_list<const char*> submissions = {}) const {
    auto wanted = batch();
    wanted.changes = changes;
    for (const auto* const id : submissions) wanted.submissions.push_back({id_of(id), "7", {}});
    return wanted;
  }

  QueueBatchResult write(const QueueBatch& wanted) { return expected(queue->write(wanted, kNow)); }
  Applied apply(const RowChange& change) { return write(batch_of({change})).changes.at(0); }
  void accept(std::initializer_list<const char*> ids) { write(batch_of({}, ids)); }

  std::optional<QueuedHandshake> polling(const char* id) const {
    const std::vector<HandshakeId> ids{id_of(id)};
    return expected(queue->find_polling(ids)).at(0);
  }

  std::unique_ptr<PostgresQueue> queue;
  Fence fence;
  std::vector<std::string> claimed;  ///< At the start.
};

class PostgresQueueTest : public ::testing::Test {
 protected:
  static std::string server_socket() {
    const auto uri = address_in("ATTESTRD_POSTGRES").uri;
    const auto host = uri.find("host=") + 5;
    const auto port = uri.find("&port=");
    return uri.substr(host, port - host) + "/.s.PGSQL." + uri.substr(port + 6);
  }

  PostgresAddress through_proxy() const {
    PostgresAddress address;
    address.uri = proxy_.uri();
    address.answer_within = 2s;
    return address;
  }

  Node open(const std::string& name) { return Node(fleet_.open(name)); }
  Node open_through_proxy() { return Node(fleet_.open("first", through_proxy())); }

  std::int64_t number_of(const std::string& sql) { return fleet_.sql(sql).front().number(0, 0); }

  Fleet fleet_{address_in("ATTESTRD_POSTGRES")};
  CuttingProxy proxy_{server_socket()};
};

TEST_F(PostgresQueueTest, ALostAnswerOfACommitIsDecidedByWritingAgain) {
  for (const auto cut : {Cut::before_commit, Cut::after_commit, Cut::hang}) {
    auto node = open_through_proxy();
    const auto key = std::to_string(static_cast<int>(cut));
    const auto given = [&key](const std::string& name) { return name + key; };
    for (const auto* const name : {"DSstage", "DSdone", "DSpoll"})
      node.accept({given(name).c_str()});
    node.apply(stage(given("DSdone")));
    auto wanted = node.batch();
    wanted.changes = {stage(given("DSstage")), done(given("DSdone")),
                      Progress{id_of(given("DSpoll")), 9, kNow}};
    wanted.submissions = {{id_of(given("DSnew")), "7", kNow + 1h}};
    wanted.reserve = DayRequests{3, 50};
    proxy_.arm(cut);
    const auto lost = node.queue->write(wanted, kNow);
    EXPECT_TRUE(proxy_.has_cut());
    ASSERT_FALSE(lost);
    EXPECT_EQ(lost.error().code, Errc::unavailable);
    const auto written = node.write(wanted);
    EXPECT_THAT(written.changes, ::testing::Each(Applied::applied));
    EXPECT_EQ(written.reserved, (DayRequests{3, 50}));
    const bool is_new = std::holds_alternative<InsertedRow>(written.acceptances.at(0));
    EXPECT_EQ(is_new, cut == Cut::before_commit);
    EXPECT_EQ(node.polling(given("DSpoll").c_str())->polls, 9U);
    EXPECT_EQ(node.polling(given("DSnew").c_str())->expiry, kNow + 1h);
    EXPECT_EQ(node.queue->staged()->size(), 1U);
    node.apply(done(given("DSstage")));
  }
  EXPECT_EQ(fleet_.sql("SELECT count(*) FROM attestrd.handshake").front().number(0, 0), 12);
}

TEST_F(PostgresQueueTest, ACommitThatArrivesLateChangesNothing) {
  auto node = open_through_proxy();
  auto wanted = node.batch();
  wanted.reserve = DayRequests{3, 50};
  wanted.pause = OperatorPause{kNow};
  proxy_.arm(Cut::late_commit);
  const auto lost = node.queue->write(wanted, kNow);
  ASSERT_FALSE(lost);
  EXPECT_TRUE(proxy_.has_cut());
  EXPECT_EQ(node.write(wanted).reserved, (DayRequests{3, 50}));
  wanted.reserve = DayRequests{3, 80};
  wanted.pause = OperatorPause{};
  EXPECT_EQ(node.write(wanted).reserved, (DayRequests{3, 80}));
  proxy_.release();
  EXPECT_EQ(*node.queue->reserved(), (DayRequests{3, 80}));
  EXPECT_FALSE(node.queue->operator_pause()->since);
}

TEST_F(PostgresQueueTest, ARowThatChangesMeanwhileIsDecidedAnew) {
  auto first = open_through_proxy();
  auto second = open("second");
  first.accept({"DSa", "DSb"});
  auto merged = second.batch();
  merged.submissions = {{id_of("DSa"), "7", kNow + 1000h}};
  merged.give_up_after = 1h;
  proxy_.do_before_commit([&] { second.write(merged); });
  EXPECT_EQ(first.apply(Progress{id_of("DSa"), 9, kNow}), Applied::applied);
  EXPECT_TRUE(proxy_.has_cut());
  EXPECT_EQ(first.polling("DSa")->polls, 9U);
  EXPECT_TRUE(first.polling("DSa")->expiry) << "it is not written back as it was";
}

TEST_F(PostgresQueueTest, AShelfThatIsTakenOverMeanwhileIsNotChanged) {
  auto first = open_through_proxy();
  auto second = open("second");
  first.accept({"DSa", "DSb"});
  proxy_.do_before_commit([&] {
    fleet_.take_over(*first.queue, *second.queue);
    EXPECT_THAT(second.claim(), ElementsAre("DSa", "DSb"));
  });
  const auto written = first.write(first.batch_of({stage("DSa")}, {"DSb", "DSnew"}));
  EXPECT_TRUE(proxy_.has_cut());
  EXPECT_EQ(written.changes.at(0), Applied::not_ours);
  for (const auto& acceptance : written.acceptances)
    EXPECT_TRUE(std::holds_alternative<RowElsewhere>(acceptance));
  EXPECT_THAT(second.claim(), ElementsAre("DSnew"));
  EXPECT_EQ(second.apply(stage("DSa")), Applied::applied);
}

/// A killed process can have sent a COMMIT that the server has not executed yet.
TEST_F(PostgresQueueTest, TheNextProcessSeesWhatTheOneBeforeCommitsLate) {
  auto zombie = open_through_proxy();
  zombie.accept({"DSa", "DSb"});
  proxy_.arm(Cut::late_commit);
  EXPECT_FALSE(zombie.queue->write(zombie.batch_of({stage("DSa")}), kNow));
  auto next = open("first");
  EXPECT_TRUE(next.queue->staged()->empty());
  proxy_.release();
  EXPECT_TRUE(next.queue->staged()->empty()) << "it came too late";
  EXPECT_TRUE(next.polling("DSa"));
  const auto refused = zombie.queue->write(zombie.batch_of({stage("DSb")}), kNow);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::io_failure);
  EXPECT_THAT(refused.error().message, HasSubstr("another process has entered"));
}

/// A transaction that has passed its guard commits, and whoever replaces the process waits for it.
class Barrier : public PostgresQueueTest, public ::testing::WithParamInterface<bool> {};

TEST_P(Barrier, AnUnfinishedCommitIsWaitedForAndSeen) {
  auto first = open("first");
  auto second = open("second");
  first.accept({"DSa"});
  const auto former = first.queue->member();
  // By hand, as far as its last statement before COMMIT.
  const auto zombie = Fleet::connect(address_in("ATTESTRD_POSTGRES"));
  const auto spool = "'" + former.spool + "'::uuid";
  const auto staged = "UPDATE attestrd.handshake SET state = 'staged', spool = " + spool +
                      ", outcome = 'failed', reason = 'expired', finished_at = 1, length_bytes = "
                      "6, sha256 = decode(repeat('00', 32), 'hex'), revision = revision + 1";
  const auto guard =
      "UPDATE attestrd.writer SET round = round + 1 WHERE node = " + std::to_string(former.number);
  expected(zombie->run({{"BEGIN"}, {staged.c_str()}, {guard.c_str()}}));
  auto replaced = std::async(std::launch::async, [&] {
    if (GetParam())
      fleet_.take_over(*first.queue, *second.queue);
    else
      first = open("first");
  });
  EXPECT_EQ(replaced.wait_for(300ms), std::future_status::timeout) << "it waits";
  expected(zombie->run({{"COMMIT"}}));
  replaced.get();
  EXPECT_THAT(second.claim(), IsEmpty());
  EXPECT_EQ(first.queue->staged()->size(), 1U);
}

INSTANTIATE_TEST_SUITE_P(PostgresQueue, Barrier, ::testing::Bool());

TEST_F(PostgresQueueTest, ATransactionWhoseClientHangsHoldsNoTakeoverUp) {
  auto first = open("first");
  auto second = open("second");
  first.accept({"DSa"});
  auto address = address_in("ATTESTRD_POSTGRES");
  address.answer_within = 1s;
  const auto frozen = Fleet::connect(address);
  auto begun = begin_transaction(*frozen);
  begun.push_back(
      {"INSERT INTO attestrd.handshake (id, shelf, state, tag, submitted_at) "
       "VALUES ('DSb', 1, 'polling', '', 0)"});
  expected(frozen->run(begun));
  fleet_.take_over(*first.queue, *second.queue);
  EXPECT_THAT(second.claim(), ElementsAre("DSa"));
  const auto accepted = second.write(second.batch_of({}, {"DSb"}));
  EXPECT_TRUE(std::holds_alternative<InsertedRow>(accepted.acceptances.at(0)));
}

TEST_F(PostgresQueueTest, PagesAreInTheOrderOfIdsOverAllShelves) {
  auto node = open("first");
  auto wanted = node.batch();
  for (int i = 0; i < 1000; ++i)
    wanted.submissions.push_back({id_of("DS" + std::to_string(10'000 + i * 7919 % 9973)), "", {}});
  node.write(wanted);
  EXPECT_EQ(number_of("SELECT count(DISTINCT shelf) FROM attestrd.handshake"), 16);
  for (const bool is_even : {true, false}) {
    for (const std::size_t page : {1U, 17U, 400U, 5000U}) {
      const Node next(fleet_.open("first"), page);
      EXPECT_EQ(next.claimed.size(), 1000U);
      EXPECT_TRUE(std::ranges::is_sorted(next.claimed)) << page;
    }
    if (is_even)
      fleet_.sql(
          "UPDATE attestrd.handshake SET shelf = (SELECT min(shelf) FROM attestrd.shelf) "
          "WHERE id < 'DS19000'");
  }
}

TEST_F(PostgresQueueTest, APartOfTheShelvesCanBeLost) {
  auto first = open("first");
  auto second = open("second");
  auto wanted = first.batch();
  for (int i = 0; i < 100; ++i)
    wanted.submissions.push_back({id_of("DS" + std::to_string(i)), "", {}});
  first.write(wanted);
  const auto member = first.queue->member();
  auto& connection = fleet_.connection();
  const auto seen = *expected(find_node(connection, "first"));
  EXPECT_FALSE(expected(declare_dead(connection, "first", {member.instance, seen.beat + 1})));
  EXPECT_TRUE(expected(declare_dead(connection, "first", {member.instance, seen.beat})));
  EXPECT_TRUE(expected(declare_dead(connection, "first", {member.instance, seen.beat}))) << "again";
  const auto& lease = member.shelves.at(3);
  const auto take = [&](const Membership& own) {
    return expected(take_over_shelf(connection, {member.instance, lease}, own, 0));
  };
  auto stranger = second.queue->member();
  stranger.instance = "00000000-0000-0000-0000-000000000001";
  EXPECT_EQ(take(stranger), std::nullopt) << "it is no node";
  EXPECT_EQ(take(second.queue->member()), lease.epoch + 1);
  EXPECT_EQ(take(second.queue->member()), lease.epoch + 1) << "written again";
  const auto moved = second.claim();
  EXPECT_FALSE(moved.empty());
  EXPECT_THAT(texts_of(expected(first.queue->renew())),
              ::testing::UnorderedElementsAreArray(moved));
  const Fence before = first.fence;
  EXPECT_THAT(first.claim(), IsEmpty()) << "it keeps the others";
  EXPECT_EQ(first.fence, before);
  EXPECT_TRUE(expected(find_node(connection, "first"))->is_alive) << "it has entered anew";
  EXPECT_NE(first.queue->member().instance, member.instance);
  for (int i = 0; i < 100; ++i) {
    const auto id = "DS" + std::to_string(i);
    const bool is_moved = std::ranges::find(moved, id) != moved.end();
    EXPECT_EQ(first.apply(stage(id)), is_moved ? Applied::not_ours : Applied::applied);
    EXPECT_EQ(second.polling(id.c_str()).has_value(), is_moved);
  }
  EXPECT_EQ(take(second.queue->member()), lease.epoch + 1);
}

TEST_F(PostgresQueueTest, AShelfThatComesBackIsGivenAnew) {
  auto first = open("first");
  auto second = open("second");
  first.accept({"DSa"});
  const auto shelf = number_of("SELECT shelf FROM attestrd.handshake");
  auto& connection = fleet_.connection();
  const auto move = [&](const Node& from, const Node& to) {
    const auto dead = *expected(find_node(connection, from.queue->member().node));
    expected(declare_dead(connection, dead.name, {dead.instance, dead.beat}));
    const auto lease = std::ranges::find(dead.shelves, shelf, &ShelfLease::shelf);
    EXPECT_TRUE(
        expected(take_over_shelf(connection, {dead.instance, *lease}, to.queue->member(), 0)));
  };
  move(first, second);
  EXPECT_THAT(first.claim(), IsEmpty()) << "it lives on with its other shelves";
  EXPECT_THAT(second.claim(), ElementsAre("DSa"));
  move(second, first);
  EXPECT_EQ(first.apply(Progress{id_of("DSa"), 9, {}}), Applied::not_ours);
  EXPECT_THAT(first.claim(), IsEmpty()) << "its engine still has the row of before";
  EXPECT_THAT(texts_of(expected(first.queue->renew())), ElementsAre("DSa"));
  EXPECT_THAT(first.claim(), ElementsAre("DSa"));
  EXPECT_EQ(first.apply(Progress{id_of("DSa"), 9, {}}), Applied::applied);
}

/// A failover that lost commits can bring back a round of before.
TEST_F(PostgresQueueTest, ARoundOfAnotherInstanceIsNoFence) {
  auto first = open_through_proxy();
  first.accept({"DSa"});
  proxy_.do_before_commit(
      [&] { fleet_.sql("UPDATE attestrd.writer SET instance = gen_random_uuid()"); });
  const auto written = first.queue->write(first.batch_of({stage("DSa")}), kNow);
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, Errc::io_failure);
  EXPECT_EQ(number_of("SELECT count(*) FROM attestrd.handshake WHERE state = 'staged'"), 0);
}

TEST_F(PostgresQueueTest, ARowThatAnotherNodeLeavesInAShelfIsGivenToItsOwner) {
  auto first = open("first");
  auto second = open("second");
  first.accept({"DSa", "DSb"});
  first.apply(stage("DSa"));
  fleet_.take_over(*first.queue, *second.queue);
  EXPECT_THAT(second.claim(), ElementsAre("DSb"));
  first.queue->renew();
  first.accept({"DSlate"});
  EXPECT_FALSE(first.polling("DSlate")) << "it has no shelf";
  EXPECT_EQ(first.apply(Unstage{id_of("DSa")}), Applied::applied);
  EXPECT_THAT(second.claim(1), ElementsAre("DSa", "DSlate"));
  EXPECT_THAT(second.claim(), IsEmpty());
  EXPECT_EQ(number_of("SELECT count(*) FROM attestrd.handshake WHERE is_unclaimed"), 0);
  EXPECT_EQ(second.apply(stage("DSa", "another")), Applied::applied);
}

TEST_F(PostgresQueueTest, TimesOfAnotherNodesClockAreRight) {
  auto first = open("first");
  auto second = open("second");
  for (auto* const node : {&first, &second}) {
    const bool is_first = node == &first;
    auto wanted = node->batch_of({}, {is_first ? "DSa" : "DSb"});
    wanted.boot = 1;
    wanted.clocks = {{1, is_first ? "a" : "b", {Mono(1h), kNow}, is_first ? 2h : -3h, 5s}};
    node->write(wanted);
  }
  auto later = first.batch();
  later.clocks = {{1, "a", {Mono(2h), kNow}, 26h, 5s}};
  first.write(later);
  EXPECT_EQ(first.queue->clocks()->at(0).shift, 26h);
  EXPECT_EQ(second.queue->clocks()->at(0).shift, Duration(-3h));
  fleet_.take_over(*first.queue, *second.queue);
  EXPECT_EQ(second.polling("DSa")->submitted_at, kNow + 24h);
  EXPECT_EQ(second.polling("DSa")->boot, 0) << "this boot is not one of its machine";
  EXPECT_EQ(second.polling("DSb")->submitted_at, kNow);
  EXPECT_EQ(second.polling("DSb")->boot, 1);
  EXPECT_EQ(second.queue->count()->oldest_pending, kNow);
}

TEST_F(PostgresQueueTest, TombstonesAgeByTheNodeThatWroteThem) {
  auto first = open("first");
  auto second = open("second");
  for (auto* const node : {&first, &second}) {
    const auto* const id = node == &first ? "DSa" : "DSb";
    node->accept({id});
    node->apply(stage(id));
    auto marked = node->batch_of({done(id)});
    marked.running = node == &first ? 1h : 100h;
    node->write(marked);
  }
  const auto purge = [](Node& node, Duration running, Duration before) {
    auto wanted = node.batch();
    wanted.running = running;
    wanted.purge = Purge{before, 10};
    return node.write(wanted).purged;
  };
  EXPECT_EQ(purge(second, 101h, 99h), 0U) << "the other's is not older by its clock";
  EXPECT_EQ(purge(first, 2h, 90min), 1U);
  fleet_.take_over(*second.queue, *first.queue);
  EXPECT_EQ(purge(first, 3h, 1000h), 1U) << "that of a dead node, from now on";
  EXPECT_EQ(number_of("SELECT count(*) FROM attestrd.handshake"), 0);
}

TEST_F(PostgresQueueTest, RowsThatAttestrdNeverWroteAreRefused) {
  for (const auto* const damage :
       {"id = 'DS with spaces'", "outcome = 'nonsense'", "reason = 'nonsense'", "polls = -1",
        "attempt = 5000000000", "length_bytes = -1"}) {
    fleet_.sql("TRUNCATE attestrd.handshake");
    auto node = open("first");
    node.accept({"DSa"});
    node.apply(stage("DSa"));
    EXPECT_TRUE(node.queue->staged());
    fleet_.sql(std::string("UPDATE attestrd.handshake SET ") + damage);
    const auto staged = node.queue->staged();
    ASSERT_FALSE(staged) << damage;
    EXPECT_EQ(staged.error().code, Errc::invalid_input);
    EXPECT_THAT(staged.error().message, HasSubstr("holds a row that attestrd never wrote"));
    if (std::string_view(damage).starts_with("id")) continue;
    const auto written = node.queue->write(node.batch_of({done("DSa")}, {"DSb"}), kNow);
    ASSERT_FALSE(written) << damage;
    EXPECT_EQ(written.error().code, Errc::invalid_input);
    EXPECT_TRUE(std::holds_alternative<UnknownHandshake>(*node.queue->find(id_of("DSb"))))
        << "all of a batch or nothing";
  }
}

TEST_F(PostgresQueueTest, AnyBytesOfATagAreKept) {
  auto node = open("first");
  const std::string tag("\0\"\\{},'\xff\n\xc3\xa4", 11);
  auto wanted = node.batch();
  wanted.submissions = {{id_of("DSa"), tag, {}}, {id_of("NULL"), "", {}}};
  node.write(wanted);
  EXPECT_EQ(node.polling("DSa")->tag, tag);
  EXPECT_TRUE(node.polling("NULL"));
  node.apply(stage("DSa"));
  node.apply(done("DSa"));
  EXPECT_THAT(texts_of(*node.queue->find_ended({tag, "", 9})), ElementsAre("DSa"));
}

TEST_F(PostgresQueueTest, TwoNodesThatWriteTheSameIdsAgree) {
  auto first = open("first");
  auto second = open("second");
  const auto run = [](Node& node, int from) {
    int inserted = 0;
    for (int round = 0; round < 40; ++round) {
      auto wanted = node.batch();
      for (int i = 0; i < 50; ++i) {
        const auto number = (from + (from == 0 ? i : -i) + round * 25 + 2000) % 2000;
        wanted.submissions.push_back(
            {id_of("DS" + std::to_string(number)), "", kNow + 1h + number * 1s + round * 1s});
      }
      wanted.reserve = DayRequests{1, static_cast<std::uint64_t>(round)};
      for (;;) {
        const auto written = node.queue->write(wanted, kNow);
        if (!written && written.error().code == Errc::unavailable) continue;
        for (const auto& acceptance : expected(written).acceptances)
          if (std::holds_alternative<InsertedRow>(acceptance)) ++inserted;
        break;
      }
    }
    return inserted;
  };
  auto other = std::async(std::launch::async, [&] { return run(second, 60); });
  int inserted = run(first, 0);
  inserted += other.get();
  EXPECT_EQ(inserted, number_of("SELECT count(*) FROM attestrd.handshake"));
}

TEST_F(PostgresQueueTest, AnEmptyBatchChecksThatTheTablesAreThere) {
  auto node = open("first");
  node.write(node.batch());
  fleet_.sql("DROP SCHEMA attestrd CASCADE");
  const auto gone = node.queue->write(node.batch(), kNow);
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.error().code, Errc::invalid_config);
  EXPECT_THAT(gone.error().message, HasSubstr("attestrd fleet init"));
}

}  // namespace
}  // namespace attestrd::test
