#include "json/key_twin.h"

#include <gtest/gtest.h>

#include <string>

namespace attestrd {
namespace {

using namespace std::string_literals;

TEST(KeyTwin, IsReadAsTheKeyByALaxParser) {
  for (const auto& name :
       {"RESULT"s, "Result"s, "re\xc5\xbfult"s, "result\0"s, "result\0more"s, "result "s,
        "\tresult"s, "re\xe2\x80\x8bsult"s, "\xef\xbb\xbfresult"s, "res\xc2\xadult"s, "result\x01"s,
        "result"s, "\xef\xbd\x92\xef\xbd\x85\xef\xbd\x93\xef\xbd\x95\xef\xbd\x8c\xef\xbd\x94"s,
        "\xe3\x80\x80result"s, "\xe2\x80\xaeresult"s})
    EXPECT_TRUE(is_key_twin(name, "result")) << name;
  EXPECT_TRUE(is_key_twin("\xe2\x84\xaa", "k"));            // The sign of the kelvin.
  EXPECT_TRUE(is_key_twin("arch\xc4\xb1ved", "archived"));  // i without a dot
  EXPECT_TRUE(is_key_twin("ARCH\xc4\xb0VED", "archived"));  // I with a dot
  EXPECT_TRUE(is_key_twin("requestid", "requestId"));
}

TEST(KeyTwin, IsNoOtherKey) {
  for (const auto& name :
       {""s, "\0"s, "resul"s, "results"s, "resultSignature"s, "re sul"s, "r\xc3\xa9sult"s,
        "r\xd0\xb5sult"s, "re\xed\xa0\x80sult"s, "_result"s, "\0result"s})
    EXPECT_FALSE(is_key_twin(name, "result")) << name;
  EXPECT_FALSE(is_key_twin("id", "_id"));
}

}  // namespace
}  // namespace attestrd
