#include "daemon/cli/pending_ids.h"

#include <gtest/gtest.h>

namespace attestrd {
namespace {

TEST(PendingIds, AreThoseOfTheLinesOfAList) {
  EXPECT_EQ(ids_in_list("").value(), std::vector<std::string>());
  EXPECT_EQ(ids_in_list("{\"id\":\"DS1\",\"polls\":1}\n{\"id\":\"DS2\"}\n").value(),
            (std::vector<std::string>{"DS1", "DS2"}));
}

TEST(PendingIds, AnAnswerThatIsNoListIsAnError) {
  for (const auto* part : {"not found\n", "{}\n", "{\"id\":1}\n", "\n"})
    EXPECT_EQ(ids_in_list(part).error().code, Errc::unavailable) << part;
}

}  // namespace
}  // namespace attestrd
