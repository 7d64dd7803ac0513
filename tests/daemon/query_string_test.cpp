#include "daemon/control/list/query_string.h"

#include <gtest/gtest.h>

namespace attestrd {
namespace {

TEST(QueryString, HasNamesAndValues) {
  EXPECT_EQ(parse_query("/list").value(), QueryParameters());
  EXPECT_EQ(parse_query("/list?").value(), QueryParameters());
  EXPECT_EQ(parse_query("/list?a=1&b=").value(), (QueryParameters{{"a", "1"}, {"b", ""}}));
  EXPECT_EQ(parse_query("/list?a=x%20%26y%3d+z").value(), (QueryParameters{{"a", "x &y=+z"}}));
}

TEST(QueryString, RefusesWhatIsNone) {
  for (const auto* target : {"/?a", "/?a=%", "/?a=%2", "/?a=%zz", "/?a=%-1", "/?&", "/?a=1&a=2"})
    EXPECT_EQ(parse_query(target).error().code, Errc::invalid_input) << target;
}

TEST(QueryString, AnyBytesComeBackFromTheirEncoding) {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
  const auto encoded = query_encoded(all);
  EXPECT_EQ(parse_query("/?a=" + encoded).value(), (QueryParameters{{"a", all}}));
  for (const char c : encoded) EXPECT_TRUE(c > ' ' && c != '&' && c != '>' && c != '#') << c;
}

}  // namespace
}  // namespace attestrd
