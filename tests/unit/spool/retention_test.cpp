#include "spool/retention.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "base/limits.h"
#include "contract/memory_files.h"
#include "spool/record.h"

namespace attestrd::test {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

const Wall kBefore{std::chrono::sys_days{std::chrono::November / 23 / 2026}};

class RetentionTest : public ::testing::Test {
 protected:
  void given(const std::string& name, const std::string& text, Wall modified = kBefore - 1s) {
    folder_.names[name] = text;
    folder_.modified[name] = modified;
  }

  static std::string record(std::string_view id, Outcome outcome = Outcome::failed) {
    Finish finish{*HandshakeId::parse(id), outcome, Reason::none, 1, {}, kBefore, {}, "", "", ""};
    if (outcome == Outcome::failed) finish.reason = Reason::expired;
    if (outcome == Outcome::rejected) finish.reason = Reason::invalid_signature;
    if (outcome == Outcome::completed) finish.form = SigningForm::raw;
    if (outcome != Outcome::failed) finish.response = R"({"_id":"x"})";
    return write_record(finish, "", kBefore);
  }

  Retention pass() {
    auto directory = std::make_unique<MemoryDirectory>(folder_, "failed");
    auto names = *directory->list();
    return {std::move(directory), std::move(names), kBefore};
  }

  /// Runs a pass to its end, and returns the number of slices.
  static int run(Retention& pass) {
    int slices = 1;
    while (*pass.step()) ++slices;
    return slices;
  }

  std::vector<std::string> left() {
    auto all = pass();
    run(all);
    removed_ = all.removed();
    return *MemoryDirectory(folder_).list();
  }

  Faults faults_;
  MemoryFolder folder_{faults_};
  std::uint64_t removed_ = 0;
};

TEST_F(RetentionTest, RemovesOldRecords) {
  given("DSa.json", record("DSa"));
  given("DSb.2.json", record("DSb", Outcome::rejected));
  given("DSc.json", record("DSc", Outcome::archived));
  EXPECT_THAT(left(), IsEmpty());
  EXPECT_EQ(removed_, 3U);
}

TEST_F(RetentionTest, KeepsRecordsThatAreNotOldEnough) {
  given("DSa.json", record("DSa"), kBefore);
  given("DSb.json", record("DSb"), kBefore + 400 * 24h);
  EXPECT_THAT(left(), ElementsAre("DSa.json", "DSb.json"));
}

TEST_F(RetentionTest, KeepsEveryVerifiedResult) {
  given("DSa.json", record("DSa", Outcome::completed));
  EXPECT_THAT(left(), ElementsAre("DSa.json"));
}

TEST_F(RetentionTest, KeepsWhatIsNoRecord) {
  given("DSa.json", "{}\n");
  given("DSb.json", record("DSb").substr(0, 40));
  given("DSc.json", record("DSother"));
  given("DSd.json.tmp", record("DSd"));
  given("notes", record("DSe"));
  given(".DSf.json", record("DSf"));
  folder_.folder("DSg.json");
  EXPECT_THAT(left(), ElementsAre(".DSf.json", "DSa.json", "DSb.json", "DSc.json", "DSd.json.tmp",
                                  "notes"));
  EXPECT_EQ(removed_, 0U);
}

TEST_F(RetentionTest, KeepsFilesOfOtherUsers) {
  given("DSa.json", record("DSa"));
  folder_.foreign.insert("DSa.json");
  EXPECT_THAT(left(), ElementsAre("DSa.json"));
}

TEST_F(RetentionTest, RemovesInSlices) {
  const auto count = 2 * limits::kRecordsJudgedPerSlice + 1;
  for (std::size_t i = 0; i < count; ++i) {
    const auto id = "DS" + std::to_string(i);
    given(id + ".json", record(id));
  }
  auto all = pass();
  EXPECT_TRUE(*all.step());
  EXPECT_EQ(all.removed(), limits::kRecordsJudgedPerSlice);
  run(all);
  EXPECT_EQ(all.removed(), count);
}

TEST_F(RetentionTest, ASliceLooksAtFewNames) {
  for (std::size_t i = 0; i < 2 * limits::kNamesJudgedPerSlice + 1; ++i)
    given("DS" + std::to_string(i) + ".json", "", kBefore);
  auto all = pass();
  EXPECT_EQ(run(all), 3);
}

TEST_F(RetentionTest, ASliceReadsFewBytes) {
  const std::string large(limits::kBytesJudgedPerSlice, ' ');
  for (const auto* name : {"DSa.json", "DSb.json", "DSc.json"}) given(name, large);
  auto all = pass();
  EXPECT_EQ(run(all), 3);
}

TEST_F(RetentionTest, CountsRecordsThatCannotBeRemoved) {
  given("DSa.json", record("DSa"));
  given("DSb.json", record("DSb"));
  folder_.stuck.insert("DSa.json");
  auto all = pass();
  run(all);
  EXPECT_EQ(all.removed(), 1U);
  EXPECT_EQ(all.failed(), 1U);
  EXPECT_EQ(all.failure(), "remove");
}

TEST_F(RetentionTest, ARecordThatSomebodyElseRemovesIsNoFailure) {
  given("DSa.json", record("DSa"));
  auto all = pass();
  folder_.names.clear();
  EXPECT_FALSE(*all.step());
  EXPECT_EQ(all.removed() + all.failed(), 0U);
}

TEST_F(RetentionTest, EndsWhenTheFolderIsNotInItsPlace) {
  given("DSa.json", record("DSa"));
  auto all = pass();
  folder_.is_in_place = false;
  EXPECT_TRUE(all.step().has_error());
  EXPECT_TRUE(folder_.names.contains("DSa.json"));
}

class RetentionClockTest : public ::testing::Test {
 protected:
  bool is_confirmed(Duration after, std::optional<Duration> difference,
                    std::optional<Duration> last_answer, Duration jump = 0s) {
    const auto answered = last_answer ? std::optional(kBefore + *last_answer) : std::nullopt;
    return clock_.is_confirmed({Mono(1h) + after, kBefore + after + jump}, difference, answered);
  }

  RetentionClock clock_;
};

TEST_F(RetentionClockTest, NeedsAnAnswerThatAgrees) {
  EXPECT_FALSE(is_confirmed(0s, std::nullopt, std::nullopt));
  EXPECT_FALSE(is_confirmed(1s, limits::kClockDifference + 1s, 1s));
  EXPECT_FALSE(is_confirmed(2s, -limits::kClockDifference - 1s, 1s));
  EXPECT_TRUE(is_confirmed(3s, 2s, 3s));
}

TEST_F(RetentionClockTest, AJumpNeedsAnotherAnswer) {
  EXPECT_TRUE(is_confirmed(10s, 0s, 5s));
  EXPECT_FALSE(is_confirmed(11s, 0s, 5s, 400 * 24h)) << "the difference is that before the jump";
  EXPECT_FALSE(is_confirmed(12s, 0s, 400 * 24h + 12s, 400 * 24h)) << "it may not be compared yet";
  EXPECT_TRUE(is_confirmed(15s, 0s, 400 * 24h + 14s, 400 * 24h));
}

TEST_F(RetentionClockTest, AJumpBackNeedsAnotherAnswerToo) {
  EXPECT_TRUE(is_confirmed(10s, 0s, 5s));
  EXPECT_FALSE(is_confirmed(11s, 0s, 5s, -24h)) << "an answer of the future";
  EXPECT_TRUE(is_confirmed(15s, 0s, 14s - 24h, -24h));
}

}  // namespace
}  // namespace attestrd::test
