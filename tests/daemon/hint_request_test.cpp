#include "daemon/control/hints/hint_request.h"

#include <gtest/gtest.h>

#include <string>

namespace attestrd {
namespace {

TEST(HintRequest, NamesTheHandshakeOfAWebhook) {
  const auto id = handshake_of_hint(
      R"({"event":"flowx.completed","payload":{"tag":"t","_id":"DS02z","result":{"a":[1]}}})");
  ASSERT_TRUE(id);
  EXPECT_EQ(id->view(), "DS02z");
}

TEST(HintRequest, RefusesAllElse) {
  for (const auto* body :
       {"", "{}", "[]", "null", R"({"event":"e"})", R"({"payload":{"_id":"DS1"}})",
        R"({"event":1,"payload":{"_id":"DS1"}})", R"({"event":"e","payload":"DS1"})",
        R"({"event":"e","payload":{}})", R"({"event":"e","payload":{"_id":1}})",
        R"({"event":"e","payload":{"_id":""}})", R"({"event":"e","payload":{"_id":"../x"}})",
        R"({"event":"e","payload":{"_id":"DS1"}} x)", R"({"event":"e","payload":{"_id":"DS1"})",
        R"({"event":"e","payload":{"_id":"DS1","_id":"DS2"}})",
        R"({"event":"e","payload":{"_id":"DS1"},"payload":{"_id":"DS2"}})"})
    EXPECT_FALSE(handshake_of_hint(body)) << body;
}

TEST(HintToken, IsTheWholeTokenAfterBasic) {
  const HintToken token(Secret("dXNlcjpwYXNz"));
  EXPECT_TRUE(token.is_in("Basic dXNlcjpwYXNz"));
  EXPECT_TRUE(token.is_in("basic  dXNlcjpwYXNz")) << "RFC 9110, 11.4";
  for (const auto* other :
       {"", "Basic", "Basic ", "dXNlcjpwYXNz", "Bearer dXNlcjpwYXNz", "Basic dXNlcjpwYXN",
        "Basic dXNlcjpwYXNzz", "Basic DXNlcjpwYXNz", "Basic dXNlcjpwYXNz "})
    EXPECT_FALSE(token.is_in(other)) << other;
}

}  // namespace
}  // namespace attestrd
