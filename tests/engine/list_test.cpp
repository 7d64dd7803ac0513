#include "engine/dialogue.h"

namespace attestrd::dialogue {
namespace {

class List : public Dialogue {
 protected:
  ListPage page(ListFilter filter, std::uint32_t from = 0) {
    return std::get<ListPage>(ask(ListCommand{std::move(filter), from}));
  }

  /// Returns the ids on all pages, in order.
  std::vector<std::string> listed(const ListFilter& filter = {}) {
    std::vector<std::string> ids;
    for (std::optional<std::uint32_t> from = 0; from;) {
      const auto part = page(filter, *from);
      for (const auto& row : part.rows) ids.emplace_back(row.id.view());
      from = part.next;
    }
    return ids;
  }

  std::vector<std::string> listed_in(ListedState state) { return listed({.state = state}); }
};

using Ids = std::vector<std::string>;

TEST_F(List, ShowsEachHandshakeInItsState) {
  settings.connections = 2;
  settings.min_interval = 1min;
  for (const auto* text : {"waits", "ends", "polled", "due"}) given_new(text);
  attestr_says_pending("waits");
  attestr_says_completed("ends");
  given_new("due2");
  EXPECT_EQ(listed(), (Ids{"waits", "ends", "polled", "due", "due2"}));
  EXPECT_EQ(listed_in(ListedState::waiting), Ids{"waits"});
  EXPECT_EQ(listed_in(ListedState::ending), Ids{"ends"});
  EXPECT_EQ(listed_in(ListedState::polling), (Ids{"polled", "due"}));
  EXPECT_EQ(listed_in(ListedState::due), Ids{"due2"});
}

TEST_F(List, ShowsWhatAnOperatorHolds) {
  for (const auto* text : {"held", "free"}) {
    given_new(text);
    attestr_says_pending(text);
  }
  const auto held = id("held");
  step(HoldChanged{{held, true}});
  EXPECT_EQ(listed_in(ListedState::held), Ids{"held"});
  EXPECT_EQ(listed_in(ListedState::waiting), Ids{"free"});
}

TEST_F(List, HasTheExplanationOfEachHandshake) {
  given_new("h1");
  attestr_says_pending("h1");
  const auto row = page({}).rows.at(0);
  const auto why = engine().explain(id("h1"), now());
  EXPECT_EQ(row.state, ListedState::waiting);
  EXPECT_EQ(row.why.wait, why->wait);
  EXPECT_EQ(row.why.due, why->due);
  EXPECT_EQ(row.why.polls, 1U);
}

TEST_F(List, HasNoHandshakeThatAnotherNodeHas) {
  given_new("lost");
  given_new("ours");
  step(Lost{id("lost")});
  EXPECT_EQ(listed(), Ids{"ours"});
}

TEST_F(List, SelectsByTag) {
  given_new("a", {}, "290846");
  given_new("b", {}, "290847");
  given_new("c");
  EXPECT_EQ(listed({.tag = "290846"}), Ids{"a"});
  EXPECT_EQ(listed({.tag = ""}), Ids{"c"});
  EXPECT_EQ(listed({.tag = "other"}), Ids{});
}

TEST_F(List, SelectsByAge) {
  given_queued("old", 3h);
  given_new("new");
  EXPECT_EQ(listed({.older_than = 1h}), Ids{"old"});
  EXPECT_EQ(listed({.older_than = 3h}), Ids{});
}

TEST_F(List, SelectsByTheTimesOfSubmissionAndOfTheNextPoll) {
  settings.min_interval = 1min;
  given_queued("old", 3h);
  given_new("new");
  attestr_says_pending("new");
  EXPECT_EQ(listed({.submitted_before = now().wall - 2h}), Ids{"old"});
  EXPECT_EQ(listed({.submitted_before = now().wall - 3h}), Ids{});
  const Wall due = now().wall + *engine().explain(id("new"), now())->due;
  EXPECT_EQ(listed({.due_before = due + 1ms}), Ids{"new"}) << "the poll of the other is in flight";
  EXPECT_EQ(listed({.due_before = due}), Ids{});
}

TEST_F(List, APageIsBoundedInItsRowsAndInTheHandshakesThatItLooksAt) {
  settings.connections = 1;
  const auto count = ListCommand::kSlotsPerPage + ListCommand::kRowsPerPage;
  for (std::size_t i = 0; i < count; ++i)
    given_new("h" + std::to_string(i), {}, i + 1 == count ? "last" : "");
  const auto first = page({});
  EXPECT_EQ(first.rows.size(), ListCommand::kRowsPerPage);
  EXPECT_EQ(first.next, ListCommand::kRowsPerPage);
  const auto without_match = page({.tag = "last"});
  EXPECT_TRUE(without_match.rows.empty());
  EXPECT_EQ(without_match.next, ListCommand::kSlotsPerPage);
  EXPECT_EQ(listed({.tag = "last"}).size(), 1U);
  EXPECT_EQ(listed().size(), count);
  EXPECT_TRUE(page({}, 1'000'000).rows.empty()) << "a page that does not exist is empty";
}

}  // namespace
}  // namespace attestrd::dialogue
