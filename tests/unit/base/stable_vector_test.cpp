#include "base/stable_vector.h"

#include <gtest/gtest.h>

#include <vector>

namespace attestrd {
namespace {

TEST(StableVector, ElementsStayInPlaceWhenItGrows) {
  StableVector<int, 4> numbers;
  EXPECT_TRUE(numbers.empty());
  std::vector<const int*> places;
  for (int i = 0; i < 1000; ++i) {
    numbers.emplace_back();
    numbers[static_cast<std::size_t>(i)] = i;
    places.push_back(&numbers[static_cast<std::size_t>(i)]);
  }
  EXPECT_EQ(numbers.size(), 1000U);
  for (int i = 0; i < 1000; ++i) {
    EXPECT_EQ(numbers[static_cast<std::size_t>(i)], i);
    EXPECT_EQ(&numbers[static_cast<std::size_t>(i)], places[static_cast<std::size_t>(i)]);
  }
}

TEST(StableVector, NewElementsAreZero) {
  StableVector<int, 2> numbers;
  for (std::size_t i = 0; i < 5; ++i) {
    numbers.emplace_back();
    EXPECT_EQ(numbers[i], 0);
  }
}

}  // namespace
}  // namespace attestrd
