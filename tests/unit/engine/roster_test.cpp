#include "engine/roster.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "base/prng.h"

namespace attestrd {
namespace {

constexpr std::chrono::seconds seconds_of_32_bits(UINT32_MAX);

HandshakeId id(std::string_view text) { return *HandshakeId::parse(text); }

TEST(Roster, FindsAddedIdsAndNoOthers) {
  Roster roster;
  EXPECT_EQ(roster.find(id("a")), std::nullopt);
  const auto slot = roster.add(id("a")).slot;
  EXPECT_EQ(roster.find(id("a")), slot);
  EXPECT_EQ(roster.find(id("b")), std::nullopt);
  EXPECT_EQ(roster.id_of(slot), id("a"));
  EXPECT_EQ(roster.size(), 1U);
}

TEST(Roster, AReusedSlotHasANewRecord) {
  Roster roster;
  const auto slot = roster.add(id("a")).slot;
  roster[slot].polls = 7;
  roster.remove(slot);
  EXPECT_EQ(roster.find(id("a")), std::nullopt);
  EXPECT_EQ(roster[slot].state, PendingRecord::State::vacant);
  EXPECT_EQ(roster.add(id("b")).slot, slot);
  EXPECT_EQ(roster[slot].polls, 0U);
  EXPECT_EQ(roster.slots(), 1U);
}

TEST(Roster, AgreesWithAMapOverRandomStepsWithIdsOfEveryLength) {
  Prng prng(1);
  Roster roster;
  std::map<std::string, Roster::Slot> model;
  for (int step = 0; step < 200'000; ++step) {
    std::string text(1 + prng.next() % HandshakeId::kMaxLength, 'x');
    const std::string number = std::to_string(prng.next() % 2000);
    text.replace(0, std::min(text.size(), number.size()), number.substr(0, text.size()));
    const auto known = model.find(text);
    if (known == model.end()) {
      model.emplace(text, roster.add(id(text)).slot);
    } else {
      roster.remove(known->second);
      model.erase(known);
    }
    if (step % 10'000 == 0) {
      ASSERT_EQ(roster.size(), model.size());
      for (const auto& [name, slot] : model) {
        ASSERT_EQ(roster.find(id(name)), slot);
        ASSERT_EQ(roster.id_of(slot).view(), name);
      }
    }
  }
}

TEST(Roster, AddingAKnownIdReturnsItsSlot) {
  Roster roster;
  const auto first = roster.add(id("a"));
  EXPECT_TRUE(first.is_new);
  const auto second = roster.add(id("a"));
  EXPECT_FALSE(second.is_new);
  EXPECT_EQ(second.slot, first.slot);
  EXPECT_EQ(roster.size(), 1U);
}

TEST(Roster, ReserveChangesNothingElse) {
  Roster roster;
  roster.add(id("before"));
  roster.remove(roster.add(id("gone")).slot);
  roster.reserve(1000);
  EXPECT_FALSE(roster.find(id("gone")));
  for (int i = 0; i < 2000; ++i) EXPECT_TRUE(roster.add(id("DS" + std::to_string(i))).is_new);
  roster.reserve(10);
  EXPECT_EQ(roster.size(), 2001U);
  EXPECT_TRUE(roster.find(id("before")));
  EXPECT_TRUE(roster.find(id("DS1999")));
}

TEST(Roster, ADeadlineIsRoundedUpToASecondAndBounded) {
  using namespace std::chrono_literals;
  PendingRecord record;
  record.set_deadline_wall(Wall(1'795'484'591'001ms));
  EXPECT_EQ(record.deadline_wall(), Wall(1'795'484'592s));
  record.set_deadline_wall(Wall(-1s));
  EXPECT_EQ(record.deadline_wall(), Wall(0s));
  record.set_deadline_wall(Wall::max());
  EXPECT_EQ(record.deadline_wall(), Wall(seconds_of_32_bits));
}

TEST(Roster, UnknownSinceIsRoundedDownToASecondAfterTheSubmission) {
  using namespace std::chrono_literals;
  PendingRecord record;
  record.submitted = Mono(5h + 1us);
  record.set_suspect_since(Mono(6h));
  EXPECT_EQ(record.suspect_since(), Mono(6h - 1s + 1us));
}

TEST(Roster, ARecordStaysSmall) { EXPECT_EQ(sizeof(PendingRecord), 56U); }

}  // namespace
}  // namespace attestrd
