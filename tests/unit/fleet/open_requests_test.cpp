#include "fleet/open_requests.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace attestrd {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

NodeRequest request(std::int64_t number, const std::string& id = "DS1") {
  return {number, *HandshakeId::parse(id), RequestVerb::hold, true};
}

class OpenRequestsTest : public ::testing::Test {
 protected:
  std::vector<std::int64_t> begin(const std::vector<NodeRequest>& seen) {
    std::vector<std::int64_t> numbers;
    for (const auto& each : open_.begin(seen)) numbers.push_back(each.number);
    return numbers;
  }

  OpenRequests open_;
};

TEST_F(OpenRequestsTest, ARequestBeginsOnceHoweverManyBeatsShowIt) {
  EXPECT_THAT(begin({request(1)}), ElementsAre(1));
  EXPECT_THAT(begin({request(1)}), IsEmpty());
  open_.done(request(1));
  EXPECT_THAT(begin({request(1)}), IsEmpty()) << "that beat was sent before the removal";
  EXPECT_THAT(begin({}), IsEmpty());
}

TEST_F(OpenRequestsTest, ManyBeginWithSeveralBeats) {
  std::vector<NodeRequest> many;
  for (std::int64_t i = 1; i <= 600; ++i) many.push_back(request(i, "DS" + std::to_string(i)));
  EXPECT_EQ(begin(many).size(), 256U);
  EXPECT_EQ(begin(many).front(), 257);
  EXPECT_EQ(begin(many).size(), 600U - 2 * 256U);
  EXPECT_THAT(begin(many), IsEmpty());
}

TEST_F(OpenRequestsTest, OneThatFailedBeginsAgain) {
  EXPECT_THAT(begin({request(1)}), ElementsAre(1));
  open_.failed(request(1));
  EXPECT_THAT(begin({request(1)}), ElementsAre(1));
}

TEST_F(OpenRequestsTest, RequestsForOneHandshakeKeepTheirOrder) {
  EXPECT_THAT(begin({request(1), request(2), request(3, "DS2")}), ElementsAre(1, 3));
  open_.failed(request(1));
  EXPECT_THAT(begin({request(1), request(2), request(3, "DS2")}), ElementsAre(1));
  open_.done(request(1));
  EXPECT_THAT(begin({request(2), request(3, "DS2")}), ElementsAre(2));
}

TEST_F(OpenRequestsTest, OneThatIsLostWithItsCommitBeginsAgain) {
  EXPECT_THAT(begin({request(1)}), ElementsAre(1));
  open_.done(request(1));
  begin({});
  EXPECT_THAT(begin({request(1)}), ElementsAre(1)) << "a failover of the database brought it back";
}

}  // namespace
}  // namespace attestrd
