#include "signing.h"

#include <gtest/gtest.h>

namespace attestrd::simulator {
namespace {

SpelledJson odd_object() {
  SpelledJson inner = SpelledJson::object();
  inner.add("b", SpelledJson::spelled("1.50", "1.5")).add("10", SpelledJson::null());
  inner.add("2", SpelledJson::spelled(R"("S\/O")", R"("S/O")"));
  inner.add("01", SpelledJson::array());
  SpelledJson list = SpelledJson::array();
  list.push(SpelledJson::boolean(true)).push(std::move(inner));
  return SpelledJson::object().add("a", std::move(list)).add("z", SpelledJson::object());
}

// The expected digests are those of RFC 4231, test cases 1, 2 and 6.
TEST(Signing, MatchesTheTestVectorsOfTheRfc) {
  EXPECT_EQ(hmac_sha256_hex(std::string(20, '\x0b'), "Hi There"),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  EXPECT_EQ(hmac_sha256_hex("Jefe", "what do ya want for nothing?"),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(hmac_sha256_hex(std::string(131, '\xaa'),
                            "Test Using Larger Than Block-Size Key - Hash Key First"),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST(Signing, CompactRemovesWhiteSpaceOnly) {
  EXPECT_EQ(signed_text(odd_object(), SigningForm::compact, Layout::pretty, 1),
            R"({"a":[true,{"b":1.50,"10":null,"2":"S\/O","01":[]}],"z":{}})");
}

// The expected text is the output of node for JSON.stringify(JSON.parse(text)) with the text above.
TEST(Signing, StringifyOrdersIndicesAndShortensLiterals) {
  EXPECT_EQ(signed_text(odd_object(), SigningForm::stringify, Layout::pretty, 1),
            R"({"a":[true,{"2":"S/O","10":null,"b":1.5,"01":[]}],"z":{}})");
}

TEST(Signing, RawIsTheTextOfTheAnswer) {
  const SpelledJson value = SpelledJson::object().add("a", SpelledJson::null());
  EXPECT_EQ(signed_text(value, SigningForm::raw, Layout::compact, 1), R"({"a":null})");
  EXPECT_EQ(signed_text(value, SigningForm::raw, Layout::pretty, 1), "{\n    \"a\": null\n  }");
}

TEST(SpelledJson, EscapesAsStringifyDoes) {
  EXPECT_EQ(SpelledJson::string("\"\\/\b\f\n\r\t\x1f é").stringify(),
            R"("\"\\/\b\f\n\r\t\u001f é")");
}

}  // namespace
}  // namespace attestrd::simulator
