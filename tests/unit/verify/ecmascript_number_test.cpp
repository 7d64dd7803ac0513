#include "verify/ecmascript_number.h"

#include <gtest/gtest.h>

#include <string>

namespace attestrd {
namespace {

std::string stringified(const std::string& token) {
  return std::string(EcmascriptNumber(token).view());
}

struct Spelling {
  const char* token;
  const char* stringified;
};

// Each pair as Node 20 gives it: JSON.stringify(JSON.parse(token)).
constexpr Spelling kSpellings[] = {
    {"0", "0"},
    {"-0", "0"},
    {"0.0", "0"},
    {"-0.0e5", "0"},
    {"0e999", "0"},
    {"1", "1"},
    {"-1", "-1"},
    {"10", "10"},
    {"1.0", "1"},
    {"1.50", "1.5"},
    {"0.1", "0.1"},
    {"-0.1", "-0.1"},
    {"100e-2", "1"},
    {"1E2", "100"},
    {"1e+2", "100"},
    {"1e20", "100000000000000000000"},
    {"1e21", "1e+21"},
    {"-1e21", "-1e+21"},
    {"123456789012345678901", "123456789012345680000"},
    {"1234567890123456789012", "1.2345678901234568e+21"},
    {"123456789012345680000", "123456789012345680000"},
    {"0.000001", "0.000001"},
    {"0.0000001", "1e-7"},
    {"1.5e-6", "0.0000015"},
    {"1.5e-7", "1.5e-7"},
    {"9.5e-7", "9.5e-7"},
    {"123e-20", "1.23e-18"},
    {"0.00001234", "0.00001234"},
    {"5e-324", "5e-324"},
    {"4.9406564584124654e-324", "5e-324"},
    {"3e-324", "5e-324"},
    {"2.4703282292062328e-324", "5e-324"},
    {"2.4703282292062327e-324", "0"},
    {"2e-324", "0"},
    {"-2e-324", "0"},
    {"1e-400", "0"},
    {"1.7976931348623157e308", "1.7976931348623157e+308"},
    {"1.7976931348623158e308", "1.7976931348623157e+308"},
    {"1.7976931348623159e308", "null"},
    {"-1.7976931348623159e308", "null"},
    {"1e309", "null"},
    {"1e+309", "null"},
    {"-1e400", "null"},
    {"1e99999999999999999999", "null"},
    {"1e-99999999999999999999", "0"},
    {"0.1e-99999999999999999999", "0"},
    {"9007199254740991", "9007199254740991"},
    {"9007199254740992", "9007199254740992"},
    {"9007199254740993", "9007199254740992"},
    {"9007199254740995", "9007199254740996"},
    {"4.35", "4.35"},
    {"1.005", "1.005"},
    {"0.30000000000000004", "0.30000000000000004"},
    {"1e23", "1e+23"},
    {"9.999999999999999e22", "1e+23"},
    {"1.2345678901234567e-123", "1.2345678901234567e-123"},
    {"-1.2345678901234567e-123", "-1.2345678901234567e-123"},
    {"2.2250738585072014e-308", "2.2250738585072014e-308"},
    {"2.2250738585072011e-308", "2.225073858507201e-308"},
    {"1675397411000", "1675397411000"},
    {"4802.9083", "4802.9083"},
};

TEST(EcmascriptNumber, IsSpelledAsJsonStringifySpellsIt) {
  for (const auto& spelling : kSpellings)
    EXPECT_EQ(stringified(spelling.token), spelling.stringified) << spelling.token;
}

TEST(EcmascriptNumber, WeighsDigitsAndExponentAgainstEachOther) {
  const std::string zeros(400, '0');
  EXPECT_EQ(stringified("1" + zeros + "e-400"), "1");
  EXPECT_EQ(stringified("0." + zeros + "1e401"), "1");
  EXPECT_EQ(stringified("1" + zeros + "e-1"), "null") << "the exponent is negative";
  EXPECT_EQ(stringified("0." + zeros + "1e1"), "0") << "the exponent is positive";
}

}  // namespace
}  // namespace attestrd
