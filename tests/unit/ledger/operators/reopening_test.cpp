#include "ledger/operators/reopening.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <tuple>
#include <utility>

#include "unit/ledger/trouble.h"
#include "unit/ledger/world.h"

namespace attestrd::test {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

class ReopeningTest : public ::testing::Test, public World {
 protected:
  void given_ended(const std::string& line, std::string_view id, Outcome outcome) {
    given_submission("list", line + "\n");
    if (!is_started_) start();
    is_started_ = true;
    take_in();
    end(id, outcome);
    round();
    settle();
  }

  KnownHandshake find(std::string_view id) { return *queue().find(id_of(id)); }

  bool is_started_ = false;
};

TEST_F(ReopeningTest, AHandshakeThatFailedIsPolledAndPublishedAgain) {
  given_ended(R"({"id":"DSa","tag":"7"})", "DSa", Outcome::failed);
  now += std::chrono::hours(1);
  retry("DSa");
  const auto report = round();
  EXPECT_EQ(report.retried.at(0).retried, Retried::reopened);
  ASSERT_EQ(report.accepted.size(), 1U);
  EXPECT_EQ(report.accepted[0].tag, "7");
  EXPECT_EQ(report.accepted[0].submitted_at, now);
  EXPECT_TRUE(report.accepted[0].submitted) << "this boot has measured it";
  EXPECT_EQ(last_logged(Event::handshake_reopened).outcome, Outcome::failed);
  EXPECT_THAT(polling(), ElementsAre("DSa"));
  end("DSa", Outcome::completed);
  round();
  EXPECT_THAT(names_in("results"), ElementsAre("DSa.json"));
  EXPECT_THAT(names_in("failed"), ElementsAre("DSa.json")) << "the earlier record stays";
  EXPECT_EQ(logged(Event::spool_conflict), 0U);
}

TEST_F(ReopeningTest, ARecordBesideThatOfAnEarlierAttemptGetsANumber) {
  given_ended("DSa", "DSa", Outcome::failed);
  for (const auto* const name : {"DSa.2.json", "DSa.3.json"}) {
    retry("DSa");
    ASSERT_EQ(retried(), Retried::reopened);
    now += std::chrono::hours(1);
    end("DSa", Outcome::failed);
    round();
    EXPECT_THAT(names_in("failed"), Contains(name));
    EXPECT_EQ(last_logged(Event::handshake_failed).file, std::string("failed/") + name);
    settle();
    EXPECT_EQ(std::get<EndedHandshake>(find("DSa")).diverted_to, std::string("failed/") + name);
  }
  EXPECT_THAT(names_in("rejected"), IsEmpty());
  EXPECT_EQ(logged(Event::spool_conflict), 0U);
}

TEST_F(ReopeningTest, AFileOfAnotherIsAConflictWithoutAnEarlierAttempt) {
  given_file("failed", "DSa.json", "another's");
  given_ended("DSa", "DSa", Outcome::failed);
  EXPECT_THAT(names_in("failed"), ElementsAre("DSa.json"));
  EXPECT_THAT(names_in("rejected"), ElementsAre("DSa.json"));
  retry("DSa");
  ASSERT_EQ(retried(), Retried::reopened);
  given_file("failed", "DSa.2.json", "another's");
  end("DSa", Outcome::failed);
  round();
  EXPECT_THAT(names_in("rejected"), ElementsAre("DSa.2.json", "DSa.json"))
      << "one name was its own";
}

TEST_F(ReopeningTest, APlantedFileIsLoggedBesideALaterAttempt) {
  given_ended("DSa", "DSa", Outcome::failed);
  retry("DSa");
  ASSERT_EQ(retried(), Retried::reopened);
  given_file("results", "DSa.json", "another's");
  give_away("results", "DSa.json");
  end("DSa", Outcome::completed);
  round();
  EXPECT_THAT(names_in("results"), ElementsAre("DSa.2.json", "DSa.json"));
  EXPECT_EQ(logged(Event::spool_conflict), 1U);
  EXPECT_EQ(last_logged(Event::handshake_completed).file, "results/DSa.2.json");
}

TEST_F(ReopeningTest, RefusesARetryOfWhatHasNotEnded) {
  given_ended("DSa", "DSa", Outcome::completed);
  retry("DSa");
  EXPECT_EQ(retried(), Retried::completed);
  retry("DSnobody");
  EXPECT_EQ(retried(), Retried::unknown);
  retry("DSa", true);
  EXPECT_EQ(retried(), Retried::reopened);
  retry("DSa", true);
  EXPECT_EQ(retried(), Retried::pending);
  end("DSa", Outcome::completed);
  retry("DSa", true);
  EXPECT_EQ(retried(), Retried::pending) << "its record is not staged yet";
}

TEST_F(ReopeningTest, ARequestAtOnceAfterThePublicationIsNoMomentTooEarly) {
  given_submission("list", "DSa\n");
  start();
  take_in();
  end("DSa", Outcome::failed);
  round();
  ASSERT_TRUE(has_work()) << "its row is not marked yet";
  retry("DSa");
  EXPECT_EQ(retried(), Retried::reopened);
}

TEST_F(ReopeningTest, AReadmissionWaitsUntilTheRejectionIsMarked) {
  given_submission("list", "DSa\n");
  start();
  take_in();
  end("DSa", Outcome::rejected);
  round();
  ASSERT_TRUE(has_work()) << "its row is still staged";
  readmit_result("DSa", "DSa.json", R"({"output":"Asha"})");
  EXPECT_EQ(readmitted(), Readmitted::ending);
  readmit_result("DSa", "DSa.json", R"({"output":"Asha"})");
  EXPECT_EQ(readmitted(), Readmitted::readmitted) << "that round has marked it";
}

TEST_F(ReopeningTest, TheSameIdTwiceIsTakenUpOnce) {
  given_ended("DSa", "DSa", Outcome::rejected);
  retry("DSa");
  retry("DSa");
  readmit("DSa", "DSa.json");
  const auto report = round();
  EXPECT_EQ(report.retried.at(0).retried, Retried::reopened);
  EXPECT_EQ(report.retried.at(1).retried, Retried::pending);
  EXPECT_NE(report.retried.at(0).ticket, report.retried.at(1).ticket);
  EXPECT_EQ(report.readmitted.at(0).readmitted, Readmitted::ending);
  EXPECT_EQ(report.accepted.size(), 1U);
}

TEST_F(ReopeningTest, NoMoreAreReopenedThanFit) {
  bounds.pending = 2;
  for (const auto* const id : {"DSa", "DSb", "DSc"}) given_ended(id, id, Outcome::failed);
  for (const auto* const id : {"DSa", "DSb", "DSc"}) retry(id);
  const auto report = round();
  EXPECT_EQ(report.retried.at(0).retried, Retried::reopened);
  EXPECT_EQ(report.retried.at(1).retried, Retried::reopened);
  EXPECT_EQ(report.retried.at(2).retried, Retried::full);
  given_submission("list", "DSd\n");
  request.scan_inbox = scan();
  EXPECT_TRUE(round().inbox_waits) << "the reopened ones count";
}

TEST_F(ReopeningTest, ARejectedRecordThatHoldsIsPublished) {
  given_ended("DSa", "DSa", Outcome::rejected);
  readmit("DSa", "DSa.json");
  const auto report = round();
  EXPECT_EQ(report.readmitted.at(0).readmitted, Readmitted::readmitted);
  EXPECT_THAT(report.settled, IsEmpty()) << "the engine does not have it";
  EXPECT_THAT(names_in("rejected"), IsEmpty());
  EXPECT_THAT(text_of("results", "DSa.json"), HasSubstr(R"("outcome":"completed")"));
  EXPECT_EQ(last_logged(Event::handshake_readmitted).file, "rejected/DSa.json");
  EXPECT_EQ(last_logged(Event::handshake_completed).file, "results/DSa.json");
  settle();
  EXPECT_EQ(std::get<EndedHandshake>(find("DSa")).outcome, Outcome::completed);
}

TEST_F(ReopeningTest, RefusesToReadmitWhatHasAResultOrGetsOne) {
  given_ended("DSa", "DSa", Outcome::rejected);
  readmit("DSnobody", "DSnobody.json");
  EXPECT_EQ(readmitted(), Readmitted::unknown);
  retry("DSa");
  ASSERT_EQ(retried(), Retried::reopened);
  readmit("DSa", "DSa.json");
  EXPECT_EQ(readmitted(), Readmitted::pending);
  end("DSa", Outcome::completed);
  round();
  settle();
  readmit("DSa", "DSa.json");
  EXPECT_EQ(readmitted(), Readmitted::completed);
  EXPECT_THAT(names_in("rejected"), ElementsAre("DSa.json"));
  EXPECT_THAT(names_in("results"), ElementsAre("DSa.json"));
  EXPECT_THAT(names_in("staging"), ElementsAre(".used"));
}

TEST_F(ReopeningTest, AResultThatWasRejectedBeforeAnotherEndHoldsToo) {
  given_ended("DSa", "DSa", Outcome::rejected);
  retry("DSa");
  ASSERT_EQ(retried(), Retried::reopened);
  end("DSa", Outcome::archived);
  round();
  settle();
  readmit("DSa", "DSa.json");
  EXPECT_EQ(readmitted(), Readmitted::readmitted);
  EXPECT_THAT(names_in("results"), ElementsAre("DSa.json"));
  EXPECT_THAT(names_in("archived"), ElementsAre("DSa.json"));
}

TEST_F(ReopeningTest, TheTagOfTheSubmissionDecides) {
  given_ended(R"({"id":"DSa","tag":"7"})", "DSa", Outcome::rejected);
  readmit("DSa", "DSa.json", "8");
  EXPECT_EQ(readmitted(), Readmitted::tag_mismatch);
  EXPECT_THAT(names_in("rejected"), ElementsAre("DSa.json"));
  readmit("DSa", "DSa.json", "7");
  EXPECT_EQ(readmitted(), Readmitted::readmitted);
}

TEST_F(ReopeningTest, ARepeatedResultIsReadmittedOnlyByAPerson) {
  given_submission("list", "DSa\nDSb\n");
  start();
  take_in();
  complete("DSa", R"({"output":"Asha"})");
  end("DSb", Outcome::rejected);
  round();
  settle();
  readmit_result("DSb", "DSb.json", R"({"output":"Asha"})");
  EXPECT_EQ(readmitted(), Readmitted::replayed);
  readmit_result("DSb", "DSb.json", R"({"output":"Asha"})", "", true);
  EXPECT_EQ(readmitted(), Readmitted::readmitted);
  EXPECT_THAT(text_of("results", "DSb.json"), HasSubstr(R"("repeats":true)"));
  EXPECT_EQ(last_logged(Event::signature_repeated).level, Level::warn);
}

TEST_F(ReopeningTest, RepeatsAreFoundWithinARound) {
  given_submission("list", "DSa\nDSb\nDSc\n");
  start();
  take_in();
  end("DSb", Outcome::rejected);
  end("DSc", Outcome::rejected);
  round();
  settle();
  complete("DSa", R"({"output":"Asha"})");
  for (const auto* const id : {"DSb", "DSc"}) {
    readmit_result(id, std::string(id) + ".json", R"({"output":"Asha"})");
    readmit_result(id, std::string(id) + ".json", R"({"output":"Bela"})");
  }
  const auto report = round();
  EXPECT_EQ(report.readmitted.at(0).readmitted, Readmitted::replayed) << "DSa ends with it";
  EXPECT_EQ(report.readmitted.at(1).readmitted, Readmitted::readmitted);
  EXPECT_EQ(report.readmitted.at(2).readmitted, Readmitted::replayed);
  EXPECT_EQ(report.readmitted.at(3).readmitted, Readmitted::replayed)
      << "DSb is readmitted with it";
}

TEST_F(ReopeningTest, AReadmittedResultIsRepeatedByWhatIsWrittenAhead) {
  bounds = {.records = 1, .synced_one_by_one = 1};
  given_submission("list", "DSa\nDSb\nDSc\n");
  start();
  take_in();
  end("DSb", Outcome::rejected);
  round();
  settle();
  readmit_result("DSb", "DSb.json", R"({"output":"Asha"})");
  complete("DSa", R"({"output":"Bela"})");
  complete("DSc", R"({"output":"Asha"})");  // Written ahead during the sync of DSa.
  ASSERT_TRUE(try_round());
  round();
  EXPECT_THAT(names_in("results"), ElementsAre("DSa.json", "DSb.json"));
  EXPECT_THAT(names_in("rejected"), Contains("DSc.json"));
}

TEST_F(ReopeningTest, ReadmissionsAreRefusedWhileThereIsNoRoom) {
  given_ended("DSa", "DSa", Outcome::rejected);
  fill("staging", true);
  readmit("DSa", "DSa.json");
  EXPECT_EQ(readmitted(), Readmitted::no_room);
  EXPECT_THAT(names_in("rejected"), ElementsAre("DSa.json"));
  fill("staging", false);
  readmit("DSa", "DSa.json");
  EXPECT_EQ(readmitted(), Readmitted::readmitted);
}

/// A story in which an operator retries one handshake and readmits another, whatever strikes.
class Story : public World {
 public:
  Story() {
    given_submission("list", "DSa\nDSb\n");
    start();
    take_in();
    end("DSa", Outcome::rejected);
    end("DSb", Outcome::failed);
    round();
    settle();
  }

  void trouble(Trouble trouble, int step) {
    trouble_ = trouble;
    arm(kind_of(trouble), step);
  }

  void run() {
    try {
      live();
    } catch (const Death&) {
      die();
      if (trouble_ == Trouble::power_cut)
        lose_power();
      else
        consume({"results"});  // The fastest possible consumer.
      request = {};
      start_again();
    }
  }

 private:
  void start_again() {
    try {
      start();
      run();
    } catch (const Death&) {
      ADD_FAILURE() << "there is one fault alone";
    }
  }

  void live() {
    for (auto answer = Readmitted::no_room; answer == Readmitted::no_room;) {
      if (names_in("rejected").empty()) break;
      readmit("DSa", "DSa.json");
      answer = readmitted();
    }
    if (polling().empty()) {
      retry("DSb");
      round();
    }
    for (const auto& id : polling()) end(id, Outcome::completed);
    round();
    settle();
  }

  Trouble trouble_ = Trouble::none;
};

class EveryStepOfAReopening : public ::testing::TestWithParam<Trouble> {};

TEST_P(EveryStepOfAReopening, AppearsExactlyOnce) {
  int step = 0;
  for (bool struck = true; struck; ++step) {
    SCOPED_TRACE("step " + std::to_string(step));
    Story story;
    story.trouble(GetParam(), step);
    story.run();
    struck = story.fault_is_spent();
    story.disarm();
    story.consume({"results"});
    EXPECT_THAT(story.taken(), UnorderedElementsAre("results/DSa.json", "results/DSb.json"));
    EXPECT_THAT(story.names_in("failed"), ElementsAre("DSb.json"));
    if (GetParam() != Trouble::power_cut) {
      EXPECT_THAT(story.names_in("rejected"), IsEmpty());
    }
    EXPECT_THAT(story.names_in("staging"), ElementsAre(".used"));
    EXPECT_EQ(story.rows().ended.size(), 2U);
    EXPECT_TRUE(story.rows().open.empty());
    if (HasFailure()) return;
  }
  EXPECT_GT(step, GetParam() == Trouble::answer_lost ? 4 : 8);
}

INSTANTIATE_TEST_SUITE_P(Troubles, EveryStepOfAReopening,
                         ::testing::Values(Trouble::kill, Trouble::power_cut, Trouble::disk_full,
                                           Trouble::unavailable, Trouble::answer_lost),
                         [](const auto& test) { return name_of(test.param); });

}  // namespace
}  // namespace attestrd::test
