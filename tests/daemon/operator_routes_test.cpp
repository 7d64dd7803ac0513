// The routes /pause, /resume, /hold, /release and /cancel.

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "daemon/control/routes.h"

namespace attestrd {
namespace {

/// A daemon that answers at once, as the test says.
class OperatorRoutes : public testing::Test {
 protected:
  using Route = void (*)(const Questions&, const ServerRequest&, Responder);

  /// Returns the body of the late answer, and notes its status.
  std::string answer_of(Route route, std::string body = "", std::string accept = "text/plain") {
    Questions questions;
    questions.pause = [this](bool is_paused, const Questions::OnPaused& on_paused) {
      is_paused_ = is_paused;
      on_paused(is_changed_);
    };
    questions.hold = [this](const std::vector<HandshakeId>&, bool is_held,
                            const Questions::OnHeld& on_held) {
      is_held_ = is_held;
      on_held(held_);
    };
    questions.cancel = [this](const std::vector<HandshakeId>&,
                              const Questions::OnCancelled& on_cancelled) {
      on_cancelled(cancelled_);
    };
    ServerRequest request;
    request.accept = std::move(accept);
    request.body = std::move(body);
    ServerResponse response;
    route(questions, request, [&response](ServerResponse given) { response = std::move(given); });
    status_ = response.status;
    if (!response.source) return response.body;
    std::string text;
    response.source->open([](const Result<std::uint64_t>& opened) { EXPECT_TRUE(opened); });
    response.source->read([&text](std::string part) { text = std::move(part); });
    status_ = response.source->status();
    return text;
  }

  std::optional<bool> is_paused_;
  std::optional<bool> is_held_;
  bool is_changed_ = true;
  std::vector<HoldAnswer> held_;
  std::vector<CancelOutcome> cancelled_;
  unsigned status_ = 0;
};

TEST_F(OperatorRoutes, APauseSaysHowItEnds) {
  EXPECT_EQ(answer_of(pause_route),
            "No handshake is polled until `attestrd resume`, also after a restart. Deadlines run "
            "on.\n");
  EXPECT_EQ(is_paused_, true);
  EXPECT_EQ(answer_of(resume_route), "Handshakes are polled again.\n");
  EXPECT_EQ(is_paused_, false);
  EXPECT_EQ(status_, 200U);
}

TEST_F(OperatorRoutes, APauseThatIsThereAlreadyIsNoError) {
  is_changed_ = false;
  EXPECT_EQ(answer_of(pause_route), "There was a pause already; `attestrd resume` ends it.\n");
  EXPECT_EQ(status_, 200U);
  EXPECT_EQ(answer_of(resume_route), "There was no pause.\n");
  EXPECT_EQ(answer_of(pause_route, "", "application/json"),
            "{\"paused\":true,\"changed\":false}\n");
}

TEST_F(OperatorRoutes, AHoldWarnsOfTheDeadline) {
  held_ = {{1, true}};
  EXPECT_EQ(answer_of(hold_route, "DS1\n"),
            "DS1 is held. Its deadline runs on: Attestr may archive its result meanwhile.\n");
  EXPECT_EQ(is_held_, true);
  EXPECT_EQ(status_, 200U);
  EXPECT_EQ(answer_of(release_route, "DS1\n"), "DS1 is released, and polled as all others are.\n");
  EXPECT_EQ(is_held_, false);
}

TEST_F(OperatorRoutes, AHoldNamesTheIdsThatAreNotPending) {
  held_ = {{1, true}, {2, false}};
  EXPECT_EQ(answer_of(hold_route, "DS1\nDS2\n", "application/json"),
            "{\"id\":\"DS1\",\"hold\":\"held\"}\n{\"id\":\"DS2\",\"hold\":\"not_pending\"}\n");
  EXPECT_EQ(status_, 409U);
  EXPECT_EQ(answer_of(release_route, "DS1\nDS2\n", "application/json"),
            "{\"id\":\"DS1\",\"release\":\"released\"}\n"
            "{\"id\":\"DS2\",\"release\":\"not_pending\"}\n");
  EXPECT_NE(answer_of(hold_route, "DS1\nDS2\n").find("DS2 is not pending; "), std::string::npos);
}

TEST_F(OperatorRoutes, ACancelSaysHowEachHandshakeHasEnded) {
  cancelled_ = {CancelOutcome::cancelled};
  EXPECT_EQ(answer_of(cancel_route, "DS1\n"), "DS1 is cancelled; its record is in failed/.\n");
  EXPECT_EQ(status_, 200U);
  cancelled_ = {CancelOutcome::completed, CancelOutcome::ended, CancelOutcome::ending,
                CancelOutcome::not_pending};
  EXPECT_EQ(answer_of(cancel_route, "DS1\nDS2\nDS3\nDS4\n"),
            "DS1 has completed: its result came first, and is published.\n"
            "DS2 has ended otherwise; see `attestrd explain`.\n"
            "DS3 has ended, and its record is being written.\n"
            "DS4 is not pending; `attestrd explain` may say more.\n");
  EXPECT_EQ(status_, 409U);
  EXPECT_EQ(
      answer_of(cancel_route, "DS1\nDS2\nDS3\nDS4\n", "application/json"),
      "{\"id\":\"DS1\",\"cancel\":\"completed\"}\n{\"id\":\"DS2\",\"cancel\":\"ended\"}\n"
      "{\"id\":\"DS3\",\"cancel\":\"ending\"}\n{\"id\":\"DS4\",\"cancel\":\"not_pending\"}\n");
}

TEST_F(OperatorRoutes, ALineThatIsNotAnIdIsRefused) {
  for (const Route route : {hold_route, release_route, cancel_route}) {
    EXPECT_EQ(answer_of(route, "DS1\nD/S\n"), "line 2 is not an id\n");
    EXPECT_EQ(status_, 400U);
  }
  EXPECT_FALSE(is_held_);
}

}  // namespace
}  // namespace attestrd
