#include "queue/postgres/operators/postgres_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "postgres/fleet_scene.h"

namespace attestrd::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

class PostgresReaderTest : public ::testing::Test {
 protected:
  static HandshakeId id_of(const std::string& id) { return *HandshakeId::parse(id); }

  static void write(PostgresQueue& queue, QueueBatch batch) {
    batch.fence = expected(queue.claim(100)).fence;
    expected(queue.write(batch, Wall(std::chrono::hours(1))));
  }

  static void accept(PostgresQueue& queue, const std::vector<std::string>& ids,
                     const std::string& tag = "") {
    QueueBatch batch;
    for (const auto& id : ids) batch.submissions.push_back({id_of(id), tag, {}});
    write(queue, batch);
  }

  static void change(PostgresQueue& queue, const RowChange& what) {
    QueueBatch batch;
    batch.changes.push_back(what);
    write(queue, batch);
  }

  static void stage(PostgresQueue& queue, const std::string& id) {
    change(queue, Stage{{id_of(id), Outcome::failed, Reason::cancelled, Wall(), {}}});
  }

  /// Returns `ID NODE` for each row, `ID NODE staged` for one that is staged, all pages together.
  std::vector<std::string> rows(RowsQuery query, std::size_t max_rows) {
    std::vector<std::string> all;
    query.max_rows = max_rows;
    for (;;) {
      const auto page = expected(reader_.page(query));
      for (const auto& [row, node] : page.rows)
        all.push_back(std::string(row.handshake.id.view()) + ' ' + node.name +
                      (row.is_staged ? " staged" : ""));
      if (!page.next) break;
      query.after = *page.next;
    }
    std::ranges::sort(all);
    return all;
  }

  Fleet fleet_{address_in("ATTESTRD_POSTGRES")};
  PostgresReader reader_{Fleet::connect(address_in("ATTESTRD_POSTGRES"))};
};

TEST_F(PostgresReaderTest, ListsTheRowsOfAllNodesWithTheirNodes) {
  const auto a = fleet_.open("a");
  const auto b = fleet_.open("b");
  accept(*a, {"DS1", "DS2", "DS3"});
  accept(*b, {"DS4", "DS5"});
  stage(*b, "DS5");
  for (const std::size_t max_rows : {1U, 2U, 3U, 5U, 100U})
    EXPECT_THAT(rows({}, max_rows), ElementsAre("DS1 a", "DS2 a", "DS3 a", "DS4 b", "DS5 b staged"))
        << max_rows;
  const auto& own = a->member();
  const RowsQuery others{.without_instance = own.instance, .without_spool = own.spool};
  for (const std::size_t max_rows : {1U, 2U, 100U})
    EXPECT_THAT(rows(others, max_rows), ElementsAre("DS4 b", "DS5 b staged")) << max_rows;
}

TEST_F(PostgresReaderTest, ListsThoseWithATag) {
  const auto a = fleet_.open("a");
  accept(*a, {"DS1", "DS2"}, "x'\\y");
  accept(*a, {"DS3"}, "z");
  stage(*a, "DS2");
  EXPECT_THAT(rows({.tag = "x'\\y"}, 1), ElementsAre("DS1 a", "DS2 a staged"));
  EXPECT_THAT(rows({.tag = ""}, 10), IsEmpty());
}

TEST_F(PostgresReaderTest, ARowBelongsToTheNodeThatHasTakenItOver) {
  const auto a = fleet_.open("a");
  const auto b = fleet_.open("b");
  accept(*a, {"DS1", "DS2"});
  stage(*a, "DS2");
  EXPECT_TRUE(expected(reader_.find(id_of("DS1"))).node.is_alive);
  fleet_.take_over(*a, *b);
  EXPECT_THAT(rows({}, 1), ElementsAre("DS1 b", "DS2 a staged")) << "a staged one stays";
  const auto pending = expected(reader_.find(id_of("DS1")));
  EXPECT_TRUE(std::holds_alternative<QueuedHandshake>(pending.known));
  EXPECT_EQ(pending.node.name, "b");
  EXPECT_TRUE(pending.node.is_alive);
  const auto staged = expected(reader_.find(id_of("DS2")));
  EXPECT_TRUE(std::holds_alternative<EndingHandshake>(staged.known));
  EXPECT_EQ(staged.node.name, "a");
  EXPECT_EQ(staged.node.spool, a->member().spool);
  EXPECT_FALSE(staged.node.is_alive);
}

TEST_F(PostgresReaderTest, ATombstoneBelongsToTheNodeWithItsRecord) {
  const auto a = fleet_.open("a");
  const auto b = fleet_.open("b");
  accept(*b, {"DS1"});
  stage(*b, "DS1");
  change(*b, Done{id_of("DS1"), Outcome::failed, ""});
  const auto ended = expected(reader_.find(id_of("DS1")));
  EXPECT_TRUE(std::holds_alternative<EndedHandshake>(ended.known));
  EXPECT_EQ(ended.node.name, "b");
  EXPECT_TRUE(
      std::holds_alternative<UnknownHandshake>(expected(reader_.find(id_of("DSnone"))).known));
}

TEST_F(PostgresReaderTest, CountsTheRowsOfEachNode) {
  const auto a = fleet_.open("a");
  const auto b = fleet_.open("b");
  EXPECT_THAT(expected(reader_.count()), IsEmpty());
  accept(*a, {"DS1", "DS2", "DS3"});
  accept(*b, {"DS4", "DS5"});
  stage(*b, "DS5");
  std::vector<std::string> counts;
  for (const auto& [node, polling, staged, oldest] : expected(reader_.count())) {
    counts.push_back(node + ' ' + std::to_string(polling) + ' ' + std::to_string(staged));
    EXPECT_EQ(oldest, Wall(std::chrono::hours(1)));
  }
  EXPECT_THAT(counts, UnorderedElementsAre("a 3 0", "b 1 1"));
}

}  // namespace
}  // namespace attestrd::test
