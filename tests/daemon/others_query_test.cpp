#include "daemon/control/list/others_query.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace attestrd {
namespace {

using namespace std::chrono_literals;

TEST(OthersQuery, ATargetBecomesTheQueryFromWhichItWasMade) {
  for (const RowPlace& place : {RowPlace{}, RowPlace{false, 17, "DS-1_x"}, RowPlace{true, 0, ""},
                                RowPlace{true, 0, "DS"}}) {
    ListFilter filter;
    filter.state = ListedState::held;
    filter.tag = "a&place=b";
    filter.older_than = Duration(90min);
    const auto target = others_target({place, filter});
    EXPECT_TRUE(is_of_others(target)) << target;
    const auto query = parse_others_target(target);
    ASSERT_TRUE(query) << target;
    EXPECT_EQ(query->after, place);
    EXPECT_EQ(query->filter.state, filter.state);
    EXPECT_EQ(query->filter.tag, filter.tag);
    EXPECT_EQ(query->filter.older_than, filter.older_than);
  }
  EXPECT_FALSE(is_of_others("/list?from=0"));
}

TEST(OthersQuery, RefusesWhatIsNoPlace) {
  for (const auto* query :
       {"", "?", "?place=", "?place=polling", "?place=polling.", "?place=polling.1",
        "?place=polling.x.DS1", "?place=polling.-1.DS1", "?place=polling.2147483648.DS1",
        "?place=polling.1.D/S", "?place=done.1.DS1", "?tag=a&place=polling.0.",
        "?place=polling.0.&state=none", "?place=polling.0.&place=polling.0."})
    EXPECT_EQ(parse_others_target(std::string("/list/others") + query).error().code,
              Errc::invalid_input)
        << query;
}

}  // namespace
}  // namespace attestrd
