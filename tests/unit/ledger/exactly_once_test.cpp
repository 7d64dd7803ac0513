#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <tuple>
#include <utility>

#include "unit/ledger/trouble.h"
#include "unit/ledger/world.h"

// Tests the guarantee that each submitted handshake appears in the spool exactly once, by injecting
// each fault at every step.

namespace attestrd::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

class Story : public World {
 public:
  Story() {
    given_submission("list", "DSa\nDSb\nnot an id\nDSc\n");
    given_submission("DSd", "");
    given_submission("DSe", "");
  }

  /// Runs until everything is published, with a restart after each death.
  void run() {
    try {
      live();
    } catch (const Death&) {
      suffer();
      run();
    }
  }

  bool has_suffered() const { return has_suffered_; }

  /// Arms a fault at the given step.
  void trouble(Trouble trouble, int step) {
    trouble_ = trouble;
    arm(kind_of(trouble), step);
  }

  /// Sets a second fault, which is armed once the first one has killed the process.
  void then(Trouble trouble, int step) {
    next_ = trouble;
    next_step_ = step;
  }

  /// Arms a second fault, which takes effect once the first one has struck without killing the
  /// process.
  void meanwhile(Trouble trouble, int step) {
    then_arm(kind_of(trouble), step);
    if (is_fatal(trouble)) trouble_ = trouble;
  }

 private:
  void live() {
    request = {};
    start();
    take_in();
    for (const auto& id : polling()) doubt(id, answer(id, kResultOfA));
    round();
    for (const auto& id : polling()) end_as_it_must(id);
    round();
    settle();
  }

  void suffer() {
    has_suffered_ = true;
    die();
    if (trouble_ == Trouble::power_cut)
      lose_power();
    else
      consume();  // The fastest possible consumer.
    if (next_ != Trouble::none) trouble(std::exchange(next_, Trouble::none), next_step_);
  }

  /// DSe gets the result of DSa, which comes before it.
  void end_as_it_must(const std::string& id) {
    if (id == "DSb") return end(id, Outcome::failed);
    if (id == "DSc") return end(id, Outcome::rejected);
    complete(id, id == "DSd" ? kResultOfD : kResultOfA);
  }

  static constexpr std::string_view kResultOfA = R"({"FS1":{"input":{},"output":{"name":"A"}}})";
  static constexpr std::string_view kResultOfD = R"({"FS1":{"input":{},"output":{"name":"D"}}})";

  Trouble trouble_ = Trouble::none;
  Trouble next_ = Trouble::none;
  int next_step_ = 0;
  bool has_suffered_ = false;
};

void expect_each_exactly_once(Story& story) {
  story.consume();
  EXPECT_THAT(story.taken(),
              UnorderedElementsAre("results/DSa.json", "failed/DSb.json", "rejected/DSc.json",
                                   "results/DSd.json", "rejected/DSe.json"));
  EXPECT_THAT(story.inbox_names(), IsEmpty());
  EXPECT_THAT(story.claimed_names(), IsEmpty());
  EXPECT_THAT(story.names_in("staging"), ElementsAre(".used"));
  EXPECT_EQ(story.text_of("refused", "list"),
            "line 3: it is not an id: an id has 1 to 64 letters, digits, '_' or '-': not an id\n");
  EXPECT_EQ(story.rows().ended.size(), 5U);
  EXPECT_TRUE(story.rows().open.empty());
}

// Stride of the second step: all pairs of steps would take long and find no more faults.
constexpr int kStride = 3;
constexpr int kStepsOfRecovery = 45;
constexpr int kStepsAfterAnAnswer = 12;

/// The way in which the five records become durable.
enum class Way : std::uint8_t {
  one_by_one,
  together,
  ahead,  ///< Three together; the others are written meanwhile, and published in their own round.
  ahead_of_moves,  ///< Like `ahead`, but they are written while the moves of the three are synced.
};

RoundBounds bounds_for(Way way) {
  if (way == Way::ahead) return {.records = 3, .synced_one_by_one = 1};
  if (way == Way::ahead_of_moves) return {.records = 3, .synced_one_by_one = 100};
  return {.synced_one_by_one = way == Way::together ? 0U : 100U};
}

std::string name_of(Way way) {
  if (way == Way::ahead) return "Ahead";
  if (way == Way::ahead_of_moves) return "AheadOfMoves";
  return way == Way::together ? "Together" : "";
}

/// Returns a lower bound of the steps at which the fault can strike: only some steps write to the
/// disk, and fewer call the queue.
int least_steps(Trouble trouble) {
  if (trouble == Trouble::disk_full) return 15;
  if (trouble == Trouble::unavailable) return 10;
  return trouble == Trouble::answer_lost ? 4 : 20;
}

/// Parameters: the fault, and the way in which records become durable.
class EveryStep : public ::testing::TestWithParam<std::tuple<Trouble, Way>> {
 protected:
  static Trouble trouble() { return std::get<0>(GetParam()); }

  struct NewStory : Story {
    NewStory() { bounds = bounds_for(std::get<1>(GetParam())); }
  };
};

TEST_P(EveryStep, AppearsExactlyOnce) {
  int step = 0;
  for (bool struck = true; struck; ++step) {
    SCOPED_TRACE("step " + std::to_string(step));
    NewStory story;
    story.trouble(trouble(), step);
    story.run();
    struck = story.fault_is_spent();
    story.disarm();
    expect_each_exactly_once(story);
    if (HasFailure()) return;
  }
  EXPECT_GT(step, least_steps(trouble())) << "the story is shorter than it should be";
}

TEST_P(EveryStep, AppearsExactlyOnceIfTheRecoveryFailsToo) {
  bool struck = true;
  for (int first = 0; struck; ++first) {
    for (int second = first % kStride; second < kStepsOfRecovery; second += kStride) {
      SCOPED_TRACE("steps " + std::to_string(first) + " and " + std::to_string(second));
      NewStory story;
      // A full disk or an unavailable queue kills no process: the recovery from a death meets it.
      story.trouble(is_fatal(trouble()) ? trouble() : Trouble::kill, first);
      story.then(trouble(), second);
      story.run();
      struck = story.has_suffered();
      story.disarm();
      expect_each_exactly_once(story);
      if (HasFailure()) return;
    }
  }
}

const auto kWays =
    ::testing::Values(Way::one_by_one, Way::together, Way::ahead, Way::ahead_of_moves);

INSTANTIATE_TEST_SUITE_P(
    Troubles, EveryStep,
    ::testing::Combine(::testing::Values(Trouble::kill, Trouble::power_cut, Trouble::disk_full,
                                         Trouble::unavailable, Trouble::answer_lost),
                       kWays),
    [](const auto& test) {
      return name_of(std::get<0>(test.param)) + name_of(std::get<1>(test.param));
    });

/// A suite in which the answer to a batch is missing, so that it may be committed or not, when a
/// second fault strikes.
class WhileABatchIsUnanswered : public EveryStep {};

TEST_P(WhileABatchIsUnanswered, AppearsExactlyOnce) {
  for (const auto first : {Trouble::unavailable, Trouble::answer_lost}) {
    bool struck = true;
    for (int step = 0; struck; ++step) {
      for (int second = 0; second < kStepsAfterAnAnswer; ++second) {
        SCOPED_TRACE(name_of(first) + " at step " + std::to_string(step) + " and then at step " +
                     std::to_string(second));
        NewStory story;
        story.trouble(first, step);
        story.meanwhile(trouble(), second);
        story.run();
        struck = story.has_struck();
        story.disarm();
        expect_each_exactly_once(story);
        if (HasFailure()) return;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    Troubles, WhileABatchIsUnanswered,
    ::testing::Combine(::testing::Values(Trouble::kill, Trouble::power_cut, Trouble::disk_full,
                                         Trouble::unavailable, Trouble::answer_lost),
                       kWays),
    [](const auto& test) {
      return name_of(std::get<0>(test.param)) + name_of(std::get<1>(test.param));
    });

}  // namespace
}  // namespace attestrd::test
