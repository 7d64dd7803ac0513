#include "base/handler_memory.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <string>

namespace attestrd {
namespace {

using Handler = std::array<char, 100>;

TEST(HandlerMemory, GivesTheSamePlaceAgain) {
  HandlerMemory<Handler> memory;
  Handler* const first = memory.allocate(1);
  memory.deallocate(first, 1);
  EXPECT_EQ(memory.allocate(1), first);
  memory.deallocate(first, 1);
}

TEST(HandlerMemory, NeverGivesAPlaceTwiceAtATime) {
  HandlerMemory<Handler> memory;
  HandlerMemory<std::string> copy(memory);
  std::set<void*> blocks;
  std::array<Handler*, 3> handlers{};
  for (auto& handler : handlers) {
    handler = memory.allocate(1);
    handler->fill('x');
    EXPECT_TRUE(blocks.insert(handler).second);
  }
  std::string* const text = copy.allocate(1);
  EXPECT_TRUE(blocks.insert(text).second);
  copy.deallocate(text, 1);
  for (auto* const handler : handlers) memory.deallocate(handler, 1);
}

TEST(HandlerMemory, HasTheHeapForWhatIsTooLarge) {
  HandlerMemory<char> memory;
  char* const large = memory.allocate(100'000);
  std::fill_n(large, 100'000, 'x');
  memory.deallocate(large, 100'000);
}

TEST(HandlerMemory, LivesAsLongAsACopy) {
  std::optional<HandlerMemory<Handler>> memory(std::in_place);
  HandlerMemory<std::byte> copy(*memory);
  Handler* const handler = memory->allocate(1);
  memory.reset();
  handler->fill('x');
  HandlerMemory<Handler>(copy).deallocate(handler, 1);
}

}  // namespace
}  // namespace attestrd
