#include "json/decimal_number.h"

#include <gtest/gtest.h>

#include <string>

namespace attestrd {
namespace {

TEST(DecimalNumber, HasTheDigitsWithoutZerosAtTheirEnds) {
  const DecimalNumber number("-0012.3400E+7");
  EXPECT_TRUE(number.is_negative);
  EXPECT_EQ(number.digits, "1234");
  EXPECT_EQ(number.exponent, 5);
  EXPECT_EQ(number.point(), 9);
  EXPECT_EQ(DecimalNumber("0.00120").point(), -2);
  EXPECT_EQ(DecimalNumber("0.000e99").digits, "");
  EXPECT_EQ(DecimalNumber("0.000e99").exponent, 0);
  EXPECT_EQ(DecimalNumber("1e" + std::string(100, '9')).exponent, 1'000'000'000'000);
  EXPECT_EQ(DecimalNumber("1e-" + std::string(100, '9')).exponent, -1'000'000'000'000);
}

TEST(SameNumber, IsSpelledInAnyWay) {
  EXPECT_TRUE(is_same_number("5.0", "5"));
  EXPECT_TRUE(is_same_number("1.50e0", "1.5"));
  EXPECT_TRUE(is_same_number("1E3", "1000"));
  EXPECT_TRUE(is_same_number("0.0", "0"));
  EXPECT_TRUE(is_same_number("0e99", "0"));
  EXPECT_TRUE(is_same_number("1e21", "1e+21"));
  EXPECT_TRUE(is_same_number("100000000000000000000", "100000000000000000000"));
  EXPECT_TRUE(is_same_number("123456789012345.0", "123456789012345"));
  EXPECT_TRUE(is_same_number("0.000" + std::string(400, '0') + "1e400", "0.0001"));
}

TEST(SameNumber, HasTheSameValueForEachKindOfParser) {
  EXPECT_FALSE(is_same_number("9007199254740993", "9007199254740992"));
  EXPECT_FALSE(is_same_number("-1e-400", "0"));
  EXPECT_FALSE(is_same_number("1e-400", "0"));
  EXPECT_FALSE(is_same_number("-0", "0"));
  EXPECT_FALSE(is_same_number("-1", "1"));
  EXPECT_FALSE(is_same_number("0.10000000000000001", "0.1"));
  EXPECT_FALSE(is_same_number("1e20", "100000000000000000000"));
  EXPECT_FALSE(is_same_number("1234567890123456.0", "1234567890123456"));
  EXPECT_FALSE(is_same_number("100000000000000000000000", "1e+23"));
}

}  // namespace
}  // namespace attestrd
