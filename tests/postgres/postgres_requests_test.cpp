#include "queue/postgres/operators/postgres_requests.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "postgres/fleet_scene.h"

namespace attestrd::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

HandshakeId id_of(const std::string& id) { return *HandshakeId::parse(id); }

/// Two nodes, of which the second has the handshakes DS1 and DS2.
class PostgresRequestsTest : public ::testing::Test {
 protected:
  PostgresRequestsTest() {
    QueueBatch batch;
    for (const auto* id : {"DS1", "DS2"}) batch.submissions.push_back({id_of(id), "", {}});
    write(*b_, std::move(batch));
  }

  static QueueBatchResult write(PostgresQueue& queue, QueueBatch batch) {
    batch.fence = expected(queue.claim(100)).fence;
    return expected(queue.write(batch, Wall(std::chrono::hours(1))));
  }

  std::vector<PlacedRequest> place(RequestVerb verb, const std::vector<std::string>& names) {
    std::vector<HandshakeId> ids;
    for (const auto& name : names) ids.push_back(id_of(name));
    return expected(place_requests(fleet_.connection(), verb, ids, Wall()));
  }

  /// Returns the requests that a beat of the node shows: `NUMBER VERB ID`, with the number from 1
  /// on, and `over` for one whose handshake is not pending.
  std::vector<std::string> seen_by(const PostgresQueue& queue) {
    const auto& member = queue.member();
    const auto fleet = expected(send_beat(fleet_.connection(), member.node, member.instance, {}));
    std::vector<std::string> lines;
    for (const auto& request : fleet->requests)
      lines.push_back(std::to_string(request.number) + ' ' + std::string(name_of(request.verb)) +
                      ' ' + std::string(request.id.view()) + (request.is_pending ? "" : " over"));
    return lines;
  }

  /// Has a node carry a hold out, and returns whether it was applied.
  static Applied hold(PostgresQueue& queue, const PlacedRequest& request) {
    QueueBatch batch;
    batch.changes.push_back(SetHeld{request.id, true});
    batch.requests.push_back({request.number, 0});
    return write(queue, std::move(batch)).changes.at(0);
  }

  static void end(PostgresQueue& queue, const std::string& id) {
    QueueBatch batch;
    batch.changes.push_back(Stage{{id_of(id), Outcome::failed, Reason::cancelled, Wall(), {}}});
    batch.changes.push_back(Done{id_of(id), Outcome::failed, ""});
    write(queue, std::move(batch));
  }

  Fleet fleet_{address_in("ATTESTRD_POSTGRES")};
  std::unique_ptr<PostgresQueue> a_ = fleet_.open("a");
  std::unique_ptr<PostgresQueue> b_ = fleet_.open("b");
};

TEST_F(PostgresRequestsTest, TheOwnerAloneSeesThemInTheirOrder) {
  EXPECT_THAT(place(RequestVerb::hold, {"DS2", "DSnone", "DS1"}), SizeIs(2));
  place(RequestVerb::release, {"DS1"});
  EXPECT_THAT(seen_by(*b_), ElementsAre("1 hold DS2", "2 hold DS1", "3 release DS1"));
  EXPECT_THAT(seen_by(*a_), IsEmpty());
}

TEST_F(PostgresRequestsTest, ACommitOfTheEffectRemovesTheRequest) {
  const auto placed = place(RequestVerb::hold, {"DS1", "DS2"});
  EXPECT_EQ(hold(*b_, placed.at(0)), Applied::applied);
  EXPECT_THAT(seen_by(*b_), ElementsAre("2 hold DS2"));
  EXPECT_THAT(expected(find_requests(fleet_.connection(), std::vector<std::int64_t>{1, 2})),
              ElementsAre(2));
  EXPECT_TRUE(expected(b_->find_polling(std::vector{id_of("DS1")})).at(0)->is_held);
}

TEST_F(PostgresRequestsTest, OneThatIsNotCarriedOutStaysForTheOwner) {
  const auto placed = place(RequestVerb::hold, {"DS1"});
  EXPECT_EQ(hold(*a_, placed.at(0)), Applied::not_ours);
  EXPECT_THAT(seen_by(*b_), ElementsAre("1 hold DS1"));
}

TEST_F(PostgresRequestsTest, ThoseOfADeadNodeWaitForTheNextOwner) {
  const auto placed = place(RequestVerb::hold, {"DS1"});
  fleet_.take_over(*b_, *a_);
  EXPECT_THAT(seen_by(*a_), ElementsAre("1 hold DS1"));
  EXPECT_EQ(hold(*a_, placed.at(0)), Applied::applied);
  EXPECT_THAT(seen_by(*a_), IsEmpty());
}

TEST_F(PostgresRequestsTest, TheyAreAboutOneAttempt) {
  EXPECT_EQ(place(RequestVerb::cancel, {"DS1"}).at(0).attempt, 0U);
  end(*b_, "DS1");
  EXPECT_THAT(seen_by(*b_), ElementsAre("1 cancel DS1 over"));
  EXPECT_THAT(place(RequestVerb::cancel, {"DS1"}), IsEmpty());
  QueueBatch again;
  again.changes.push_back(Reopen{id_of("DS1"), 1, Wall(), 0});
  write(*b_, std::move(again));
  EXPECT_THAT(seen_by(*b_), ElementsAre("1 cancel DS1 over"));
  EXPECT_EQ(place(RequestVerb::cancel, {"DS1"}).at(0).attempt, 1U);
  QueueBatch done;
  done.requests.push_back({1, {}});
  write(*b_, std::move(done));
  EXPECT_THAT(seen_by(*b_), ElementsAre("2 cancel DS1"));
}

TEST_F(PostgresRequestsTest, AnyNodeSeesThoseOfAForgottenHandshake) {
  place(RequestVerb::kick, {"DS1"});
  fleet_.sql("DELETE FROM attestrd.handshake");
  EXPECT_THAT(seen_by(*a_), ElementsAre("1 kick DS1 over"));
}

}  // namespace
}  // namespace attestrd::test
