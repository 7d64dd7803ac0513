#include "fleet/node_request.h"

#include <gtest/gtest.h>

namespace attestrd {
namespace {

TEST(NodeRequest, AVerbHasTheNameThatTheDatabaseKnows) {
  for (const auto verb :
       {RequestVerb::hold, RequestVerb::release, RequestVerb::cancel, RequestVerb::kick})
    EXPECT_EQ(request_verb(name_of(verb)), verb);
  EXPECT_EQ(name_of(RequestVerb::release), "release");
  EXPECT_EQ(request_verb("retry"), std::nullopt);
}

}  // namespace
}  // namespace attestrd
