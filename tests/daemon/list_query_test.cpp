#include "daemon/control/list/list_query.h"

#include <gtest/gtest.h>

#include <chrono>

namespace attestrd {
namespace {

using namespace std::chrono_literals;

TEST(ListQuery, NamesWhatIsListed) {
  const auto all = parse_list_target("/list").value();
  EXPECT_FALSE(all.filter.state || all.filter.tag || all.filter.older_than);
  EXPECT_EQ(all.from, 0U);
  const auto some = parse_list_target("/list?state=ending&tag=a%20b&older_than=90m&from=7").value();
  EXPECT_EQ(some.filter.state, ListedState::ending);
  EXPECT_EQ(some.filter.tag, "a b");
  EXPECT_EQ(some.filter.older_than, Duration(90min));
  EXPECT_EQ(some.from, 7U);
}

TEST(ListQuery, RefusesOtherParametersAndValues) {
  for (const auto* query :
       {"state=held2", "state=", "older_than=1", "submitted_before=-1", "due_before=1e9",
        "due_before=", "from=-1", "from=", "from=1x", "limit=1", "from=4294967296"})
    EXPECT_EQ(parse_list_target(std::string("/list?") + query).error().code, Errc::invalid_input)
        << query;
}

TEST(ListQuery, TheTargetOfACommandLeadsBackToIt) {
  for (const auto name : kListedStates) {
    const ListCommand command{
        {listed_state(name), "Müller & Söhne", 90s, Wall(1795484591001ms), Wall(1ms)}, 4096};
    const auto again = parse_list_target(list_target(command)).value();
    EXPECT_EQ(again.filter.state, command.filter.state);
    EXPECT_EQ(again.filter.tag, command.filter.tag);
    EXPECT_EQ(again.filter.older_than, command.filter.older_than);
    EXPECT_EQ(again.filter.submitted_before, command.filter.submitted_before);
    EXPECT_EQ(again.filter.due_before, command.filter.due_before);
    EXPECT_EQ(again.from, command.from);
  }
  EXPECT_EQ(list_target({}), "/list?from=0");
}

}  // namespace
}  // namespace attestrd
