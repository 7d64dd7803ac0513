#include "http/https_address_order.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/limits.h"

namespace attestrd {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using Address = HttpsAddressOrder::Address;

Address address(const char* text) { return {boost::asio::ip::make_address(text), 443}; }

class HttpsAddressOrderTest : public testing::Test {
 protected:
  HttpsAddressOrderTest() { order_.found({a_, b_, c_, six_}); }

  const Address a_ = address("10.0.0.1");
  const Address b_ = address("10.0.0.2");
  const Address c_ = address("10.0.0.3");
  const Address six_ = address("fd00::1");
  const HttpsAddressOrder::Instant now_{1h};
  HttpsAddressOrder order_;
};

TEST_F(HttpsAddressOrderTest, FamiliesTakeTurns) {
  EXPECT_THAT(order_.order(now_), ElementsAre(a_, six_, b_, c_));
}

TEST_F(HttpsAddressOrderTest, TheAddressThatWorkedLastIsFirst) {
  order_.worked(c_);
  EXPECT_THAT(order_.order(now_), ElementsAre(c_, a_, six_, b_));
  order_.found({b_, c_});
  EXPECT_THAT(order_.order(now_), ElementsAre(c_, b_));
}

TEST_F(HttpsAddressOrderTest, AnAddressThatFailedIsLastForAWhile) {
  order_.worked(a_);
  order_.failed(a_, now_);
  EXPECT_THAT(order_.order(now_ + 1s), ElementsAre(six_, b_, c_, a_));
  order_.found({a_, b_});
  EXPECT_THAT(order_.order(now_ + 1s), ElementsAre(b_, a_)) << "whatever DNS names first";
  EXPECT_THAT(order_.order(now_ + limits::kAddressDistrust), ElementsAre(a_, b_));
}

TEST_F(HttpsAddressOrderTest, IfAllHaveFailedTheOldestFailureIsFirst) {
  order_.found({a_, b_, c_});
  order_.failed(b_, now_);
  order_.failed(a_, now_ + 1s);
  order_.failed(c_, now_ + 2s);
  EXPECT_THAT(order_.order(now_ + 3s), ElementsAre(b_, a_, c_));
  order_.worked(c_);
  EXPECT_THAT(order_.order(now_ + 3s), ElementsAre(c_, b_, a_));
}

TEST_F(HttpsAddressOrderTest, ThoseThatHaveFailedLeaveTheFirstPlacesToOthers) {
  HttpsAddressOrder::List many;
  for (int i = 1; i < 30; ++i) many.push_back(address(("10.0.1." + std::to_string(i)).c_str()));
  order_.found(many);
  EXPECT_EQ(order_.order(now_), many);
  for (std::size_t i = 0; i < limits::kAddressesTried; ++i) order_.failed(many[i], now_);
  EXPECT_EQ(order_.order(now_).front(), many[limits::kAddressesTried]);
}

TEST_F(HttpsAddressOrderTest, ABoundedNumberOfTheFamilyOfTheSourceIsTried) {
  HttpsAddressOrder::List all;
  for (int i = 1; i < 30; ++i) all.push_back(address(("2001:db8::" + std::to_string(i)).c_str()));
  EXPECT_EQ(addresses_to_try(all, "").size(), limits::kAddressesTried);
  all.push_back(a_);
  EXPECT_THAT(addresses_to_try(all, "10.9.9.9"), ElementsAre(a_)) << "before the list is cut";
  EXPECT_EQ(addresses_to_try(all, "2001:db8::ffff").size(), limits::kAddressesTried);
}

}  // namespace
}  // namespace attestrd
