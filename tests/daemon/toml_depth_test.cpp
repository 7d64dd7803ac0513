#include "daemon/config/toml_depth.h"

#include <gtest/gtest.h>

#include <string>

#include "base/limits.h"
#include "daemon/config/config.h"

namespace attestrd {
namespace {

constexpr std::size_t kMany = 400'000;

std::string repeated(const std::string& text, std::size_t times) {
  std::string all;
  for (std::size_t i = 0; i < times; ++i) all += text;
  return all;
}

std::string key_of(std::size_t parts, const std::string& part = "a") {
  return part + repeated('.' + part, parts - 1);
}

TEST(TomlDepth, AKeyMayHaveAFewParts) {
  const auto key = key_of(limits::kConfigKeyParts);
  for (const auto& text : {key + " = 1", '[' + key + "]\n[" + key + ']', key + "=1\n" + key + "=1",
                           "a = { " + key + " = 1.5 }"})
    EXPECT_EQ(line_of_deep_key(text), 0U) << text;
}

TEST(TomlDepth, ADeepKeyIsFoundInEachPlace) {
  for (const auto* part : {"a", "\"a\"", "'.'", " a "}) {
    const auto key = key_of(limits::kConfigKeyParts + 1, part);
    for (const auto& text : {key + " = 1", '[' + key + ']', "[[" + key + "]]",
                             "a = { b = 1, " + key + " = 1 }", "a = [{" + key + " = 1}]"})
      EXPECT_EQ(line_of_deep_key("x = 1\n" + text + "\n"), 2U) << text;
  }
}

TEST(TomlDepth, DotsInStringsAndCommentsDoNotCount) {
  const std::string dots(100, '.');
  for (const auto& text :
       {"a = \"" + dots + '"', "a = '" + dots + "'", "a = \"\\\"" + dots + "\\\\\"",
        "a = \"\"\"\n" + dots + "\n\"\"" + dots + "\"\"\"", "a = '''" + dots + "''" + dots + "'''",
        "# " + dots, "a = \"x\" # " + dots, '"' + dots + "\" = 1"})
    EXPECT_EQ(line_of_deep_key(text), 0U) << text;
}

TEST(TomlDepth, ADeepKeyAfterAStringIsFound) {
  const auto key = key_of(limits::kConfigKeyParts + 1);
  for (const auto* text : {"''", "\"\\\"\"", "'''\n'''", "\"\"\"\n\"\"\"\"\"", "'\\'", "'a"})
    EXPECT_NE(line_of_deep_key(std::string("x = ") + text + '\n' + key + " = 1"), 0U) << text;
  EXPECT_EQ(line_of_deep_key("x = '''" + key), 0U);
  EXPECT_EQ(line_of_deep_key("x = \"\\"), 0U);
}

TEST(TomlDepth, AFileOfAnyDepthIsRefused) {
  for (const auto& text :
       {key_of(kMany) + " = 1", '[' + key_of(kMany) + ']', repeated(".", kMany),
        "a = { " + key_of(kMany) + " = 1 }", "a = " + repeated("[", kMany),
        "a = " + repeated("[", kMany) + repeated("]", kMany), repeated("a={", kMany / 2)}) {
    const auto config = parse_config(text, "attestrd.toml");
    ASSERT_FALSE(config);
    EXPECT_EQ(config.error().code, Errc::invalid_config);
  }
}

}  // namespace
}  // namespace attestrd
