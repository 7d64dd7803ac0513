#include "engine/id_store.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "base/prng.h"

namespace attestrd {
namespace {

constexpr std::string_view kLetters =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";

HandshakeId id(std::string_view text) { return *HandshakeId::parse(text); }

TEST(IdStore, ReturnsEveryLetterInEveryPosition) {
  IdStore store;
  for (std::size_t i = 0; i < kLetters.size(); ++i) {
    std::string text(kLetters.substr(i));
    text += kLetters.substr(0, i);
    EXPECT_EQ(store.at(store.add(id(text))), id(text));
  }
}

TEST(IdStore, ReturnsIdsOfEveryLength) {
  IdStore store;
  for (std::size_t length = 1; length <= HandshakeId::kMaxLength; ++length) {
    const auto text = kLetters.substr(0, length);
    EXPECT_EQ(store.at(store.add(id(text))), id(text));
  }
}

TEST(IdStore, ReusesTheBytesOfARemovedIdForOneOfItsLength) {
  IdStore store;
  const auto first = store.add(id("DS02zfeuv6n4gkq51hvw6"));
  const auto second = store.add(id("DS1"));
  EXPECT_EQ(second - first, 17U);  // 21 letters of six bits each, and a byte of length.
  store.remove(first);
  EXPECT_NE(store.add(id("DS2")), first);
  EXPECT_EQ(store.add(id("DS02zk3n0w5xq8r1tbvy7")), first);
  EXPECT_EQ(store.at(first), id("DS02zk3n0w5xq8r1tbvy7"));
  EXPECT_EQ(store.at(second), id("DS1"));
}

TEST(IdStore, AgreesWithAMapOverManyBlocks) {
  Prng prng(3);
  IdStore store;
  std::map<IdStore::Place, std::string> model;
  for (int i = 0; i < 50'000; ++i) {
    std::string text(1 + prng.next() % HandshakeId::kMaxLength, '-');
    for (char& letter : text) letter = kLetters[prng.next() % kLetters.size()];
    EXPECT_TRUE(model.emplace(store.add(id(text)), text).second);
    if (prng.next() % 3 == 0) {
      store.remove(model.begin()->first);
      model.erase(model.begin());
    }
  }
  for (const auto& [place, text] : model) ASSERT_EQ(store.at(place).view(), text);
}

}  // namespace
}  // namespace attestrd
