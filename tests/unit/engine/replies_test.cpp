#include "engine/replies.h"

#include <gtest/gtest.h>

#include "base/limits.h"
#include "metrics/metrics.h"

namespace attestrd {
namespace {

using namespace std::chrono_literals;

// 2025-11-24 16:00 UTC
constexpr Now kNow{Mono(1000h), Wall(Duration(1'764'000'000'000'000))};

class RepliesTest : public testing::Test {
 protected:
  RepliesTest() {
    record_.submitted = kNow.mono - 1h;
    record_.deadline = kNow.mono + 1h;
    record_.state = PendingRecord::State::polling;
  }

  JudgedAnswer judged(const Answer& answer, const HttpResponse& response = {}) const {
    return judge_answer(response, answer, record_, {}, now_, settings_, {witnesses_, 0},
                        is_doubtful_);
  }

  /// A last poll on a deadline by the wall clock.
  void given_last_poll() {
    record_.deadline = kNow.mono;
    record_.is_last_poll = true;
    record_.set_deadline_wall(kNow.wall);
  }
  bool expires(std::string_view date = "") const {
    HttpResponse response;
    response.date = date;
    return std::holds_alternative<verdict::Finish>(judged(Pending{}, response).verdict);
  }

  PendingRecord record_;
  EngineSettings settings_;
  Witnesses witnesses_;
  Now now_ = kNow;
  bool is_doubtful_ = false;
};

TEST_F(RepliesTest, ATransportFailureCountsAgainstTheAccountTheServerOrItsHandshake) {
  using Kind = TransportFailure::Kind;
  EXPECT_EQ(kind_of({Kind::certificate, "", 0}), FailureKind::certificate);
  EXPECT_EQ(kind_of({Kind::proxy, "", -1}), FailureKind::proxy);
  for (const Kind kind : {Kind::resolve, Kind::connect, Kind::tls, Kind::timeout, Kind::reset})
    EXPECT_EQ(kind_of({kind, "", -1}), FailureKind::no_answer) << name_of(kind);
  for (const Kind kind : {Kind::framing, Kind::too_large})
    EXPECT_EQ(kind_of({kind, "", -1}), FailureKind::bad_answer) << name_of(kind);
  EXPECT_EQ(kind_of({Kind::shortage, "", -1}), FailureKind::no_memory);
}

TEST_F(RepliesTest, EachAnswerIsCountedUnderItsNameInTheMetrics) {
  using Trouble = AccountTrouble::Kind;
  const auto counted = [](PollAnswer answer) {
    const auto& row = metric_rows()[static_cast<std::size_t>(Metric::polls)];
    return row.label_values()[static_cast<std::size_t>(answer)];
  };
  EXPECT_EQ(counted(poll_answer(Pending{})), "pending");
  EXPECT_EQ(counted(poll_answer(Ended{.consumed = true})), "pending") << "the result is not there";
  EXPECT_EQ(counted(poll_answer(Ended{.archived = true, .result = "{}"})), "completed");
  EXPECT_EQ(counted(poll_answer(Ended{.consumed = true, .archived = true})), "archived");
  EXPECT_EQ(counted(poll_answer(Unknown{})), "unknown");
  for (const auto kind : {Trouble::rate_limited, Trouble::daily_limit})
    EXPECT_EQ(counted(poll_answer(AccountTrouble{.kind = kind})), "rate_limited");
  for (const auto kind :
       {Trouble::unauthorized, Trouble::forbidden, Trouble::low_credits, Trouble::wrong_version})
    EXPECT_EQ(counted(poll_answer(AccountTrouble{.kind = kind})), "unauthorized");
  EXPECT_EQ(counted(poll_answer(ServerTrouble{})), "server_error");
  EXPECT_EQ(counted(poll_answer(Invalid{})), "malformed");
  for (const auto kind : {TransportFailure::Kind::reset, TransportFailure::Kind::certificate})
    EXPECT_EQ(counted(poll_answer(TransportFailure{kind, "", -1})), "transport");
  EXPECT_EQ(counted(poll_answer(TransportFailure{TransportFailure::Kind::framing, "", -1})),
            "malformed");
}

TEST_F(RepliesTest, OnlyTheAccountsConnectionCallsForAPause) {
  EXPECT_EQ(pause_for(FailureKind::certificate), PauseReason::certificate);
  EXPECT_EQ(pause_for(FailureKind::proxy), PauseReason::proxy);
  for (const auto kind : {FailureKind::no_answer, FailureKind::no_memory, FailureKind::bad_answer})
    EXPECT_EQ(pause_for(kind), std::nullopt);
}

TEST_F(RepliesTest, ABadAnswerCountsOnceAHandshakeButAlwaysForACanary) {
  EXPECT_TRUE(counts_against_server(FailureKind::bad_answer, record_));
  record_.errors = 1;
  EXPECT_FALSE(counts_against_server(FailureKind::bad_answer, record_));
  EXPECT_TRUE(counts_against_server(FailureKind::no_answer, record_));
  record_.is_canary = true;
  EXPECT_TRUE(counts_against_server(FailureKind::bad_answer, record_));
}

TEST_F(RepliesTest, AShortageOfMemoryNeverCountsAgainstTheServer) {
  EXPECT_FALSE(counts_against_server(FailureKind::no_memory, record_));
  record_.is_canary = true;
  EXPECT_FALSE(counts_against_server(FailureKind::no_memory, record_));
}

TEST_F(RepliesTest, RetryAfterIsReadWithEachAnswer) {
  HttpResponse response;
  EXPECT_FALSE(judged(ServerTrouble{503, 0}, response).retry_after);
  response.retry_after = "120";
  EXPECT_EQ(judged(ServerTrouble{503, 0}, response).retry_after, Duration(120s));
}

TEST_F(RepliesTest, AnExpiryIsPostponedWhileTheServersClockIsBeforeTheDeadline) {
  given_last_poll();
  EXPECT_TRUE(expires()) << "no clock is shown";
  HttpResponse response;
  response.date = "Mon, 24 Nov 2025 15:00:00 GMT";
  const auto postponed = judged(Pending{}, response);
  EXPECT_TRUE(std::holds_alternative<verdict::Wait>(postponed.verdict));
  EXPECT_FALSE(postponed.change.deadline) << "to the next poll, not to what one answer shows";
  EXPECT_TRUE(expires("Mon, 24 Nov 2025 15:59:59 GMT"))
      << "within the second that a date may lie before its moment";
}

TEST_F(RepliesTest, ADateBeforeTheReleaseIsNotBelieved) {
  given_last_poll();
  settings_.earliest_clock = kNow.wall - 24h;
  EXPECT_FALSE(expires("Mon, 24 Nov 2025 15:00:00 GMT"));
  EXPECT_TRUE(expires("Thu, 01 Jan 1970 00:00:00 GMT"));
}

TEST_F(RepliesTest, DatesPostponeAnExpiryForALimitedTime) {
  given_last_poll();
  now_.mono += limits::kExpiryPostponement - 1s;
  EXPECT_FALSE(expires("Mon, 24 Nov 2025 15:00:00 GMT"));
  now_.mono += 1s;
  EXPECT_TRUE(expires("Mon, 24 Nov 2025 15:00:00 GMT"));
}

TEST_F(RepliesTest, ADoubtfulClockExpiresOnlyWhatTheServersClockConfirms) {
  given_last_poll();
  record_.has_expiry = true;
  is_doubtful_ = true;
  EXPECT_FALSE(expires());
  EXPECT_FALSE(expires("Mon, 24 Nov 2025 15:00:00 GMT"));
  EXPECT_TRUE(expires("Mon, 24 Nov 2025 16:00:00 GMT"));
}

// The time of the submission was stored by a clock that nobody can vouch for.
TEST_F(RepliesTest, ADoubtfulClockExpiresNothingThatCountsFromItsSubmission) {
  given_last_poll();
  is_doubtful_ = true;
  EXPECT_FALSE(expires("Mon, 24 Nov 2025 16:00:00 GMT"));
}

TEST_F(RepliesTest, AMeasuredDeadlineNeedsNoWallClock) {
  given_last_poll();
  record_.deadline_wall_s = 0;
  is_doubtful_ = true;
  EXPECT_TRUE(expires("Mon, 24 Nov 2025 15:00:00 GMT"));
}

TEST_F(RepliesTest, NothingExpiresWhileOurClockIsBeforeTheRelease) {
  given_last_poll();
  settings_.earliest_clock = kNow.wall + 1s;
  now_.mono += 24h * 365;
  EXPECT_FALSE(expires("Mon, 24 Nov 2026 15:00:00 GMT"));
  record_.deadline_wall_s = 0;
  EXPECT_FALSE(expires());
}

TEST_F(RepliesTest, OnlyAnExpiryIsPostponed) {
  Ended archived;
  archived.archived = true;
  HttpResponse response;
  response.date = "Mon, 24 Nov 2025 15:00:00 GMT";
  record_.set_deadline_wall(kNow.wall + 1h);
  record_.deadline = kNow.mono - limits::kUnreachableAfter;
  record_.suspicion = PendingRecord::Suspicion::archived;
  record_.witnesses = limits::kLeastWitnesses;
  record_.set_suspect_since(kNow.mono - 1h);
  const auto finish = judged(archived, response).verdict;
  ASSERT_TRUE(std::holds_alternative<verdict::Finish>(finish));
  EXPECT_EQ(std::get<verdict::Finish>(finish).outcome, Outcome::archived);
}

TEST_F(RepliesTest, AnAnswerIsObservedAsPendingDoneOrNothing) {
  const Verdict waits = verdict::Wait{};
  const Verdict completed = verdict::Finish{Outcome::completed, Reason::none, {}};
  const Verdict rejected = verdict::Finish{Outcome::rejected, Reason::wrong_id, {}};
  EXPECT_EQ(observation_of(Pending{}, waits), Observation::pending);
  EXPECT_EQ(observation_of(Unknown{}, waits), Observation::nothing);
  Ended ended;
  ended.consumed = true;
  EXPECT_EQ(observation_of(ended, waits), Observation::pending) << "its result is not there yet";
  ended.result = "{}";
  EXPECT_EQ(observation_of(ended, completed), Observation::done);
  EXPECT_EQ(observation_of(ended, rejected), Observation::nothing);
  EXPECT_EQ(observation_of(ended, verdict::Retry{}), Observation::nothing);
  Ended archived;
  archived.archived = true;
  const Verdict lost = verdict::Finish{Outcome::archived, Reason::none, {}};
  EXPECT_EQ(observation_of(archived, lost), Observation::nothing) << "it was never consumed";
  archived.consumed = true;
  EXPECT_EQ(observation_of(archived, lost), Observation::done);
}

TEST_F(RepliesTest, OnlyAnswersOfAHandshakeHaveARequestIdAndATag) {
  EXPECT_EQ(request_id_of(Pending{"r-1", "t"}), "r-1");
  EXPECT_EQ(tag_of(Pending{"r-1", "t"}), "t");
  Ended ended;
  ended.request_id = "r-2";
  ended.tag = "u";
  EXPECT_EQ(request_id_of(ended), "r-2");
  EXPECT_EQ(tag_of(ended), "u");
  EXPECT_EQ(request_id_of(Unknown{404, 4002}), "");
  EXPECT_EQ(tag_of(Unknown{404, 4002}), "");
  EXPECT_EQ(code_of(Unknown{404, 4002}), 4002);
  EXPECT_EQ(code_of(ended), 0);
  EXPECT_EQ(code_of(Pending{}), 0);
}

}  // namespace
}  // namespace attestrd
