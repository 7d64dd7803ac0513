#include "crypto/secret.h"

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace attestrd {
namespace {

TEST(Secret, RevealsItsText) {
  for (const std::size_t length : {0U, 1U, 15U, 16U, 4096U}) {
    const std::string text(length, 'x');
    EXPECT_EQ(Secret(text).reveal(), text);
  }
}

TEST(Secret, CopiesAreIndependent) {
  Secret first(std::string("first"));
  const Secret copy = first;
  first = Secret(std::string(100, 'x'));
  EXPECT_EQ(copy.reveal(), "first");
  EXPECT_EQ(first.reveal(), std::string(100, 'x'));
  first = copy;
  EXPECT_EQ(first.reveal(), "first");
}

TEST(Secret, HoldsNoTextInItsObject) {
  alignas(Secret) std::array<char, sizeof(Secret)> memory{};
  const std::string_view bytes(memory.data(), memory.size());
  auto* const secret =
      std::construct_at(reinterpret_cast<Secret*>(memory.data()), std::string("hunter2"));
  EXPECT_EQ(secret->reveal(), "hunter2");
  EXPECT_EQ(bytes.find("unter2"), bytes.npos);
  std::destroy_at(secret);
}

}  // namespace
}  // namespace attestrd
