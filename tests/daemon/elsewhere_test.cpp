// The routes /hold, /release, /cancel, /kick and /readmit about handshakes of other nodes.

#include "daemon/control/fleet/elsewhere.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "daemon/control/routes.h"

namespace attestrd {
namespace {

/// A node without handshakes, beside the node b with DS2. DS1 is not known.
class ElsewhereTest : public testing::Test {
 protected:
  using Route = void (*)(const Questions&, const ServerRequest&, Responder);

  ElsewhereTest() {
    answer_.is_asked = answer_.is_done = true;
    answer_.now.node = {"b", "spool", true};
    answer_.now.known = pending();
  }

  static QueuedHandshake pending() {
    return {*HandshakeId::parse("DS2"), "", {}, {}, {}, 0, 0, {}};
  }

  Questions questions() {
    Questions questions;
    questions.hold = [](const std::vector<HandshakeId>& ids, bool,
                        const Questions::OnHeld& on_held) {
      on_held(std::vector<HoldAnswer>(ids.size()));
    };
    questions.cancel = [](const std::vector<HandshakeId>& ids,
                          const Questions::OnCancelled& on_cancelled) {
      on_cancelled(std::vector(ids.size(), CancelOutcome::not_pending));
    };
    questions.ask_engine = [](const EngineCommand& command, const Questions::OnAnswer& on_answer) {
      on_answer(std::vector(std::get<KickCommand>(command).ids.size(), Kicked::not_pending));
    };
    questions.readmit = [](const std::vector<std::string>& files, bool,
                           const Questions::OnReadmitted& on_readmitted) {
      on_readmitted(std::vector(files.size(), Readmitted::no_file));
    };
    questions.fleet = FleetQuestions{
        .node = "a",
        .locate =
            [this](const std::vector<HandshakeId>& ids, const FleetQuestions::OnLocated& located) {
              located(std::vector(ids.size(), answer_.now));
            },
        .ask =
            [this](RequestVerb verb, const std::vector<HandshakeId>& ids,
                   const FleetQuestions::OnAsked& on_asked) {
              verb_ = verb;
              if (trouble_) return on_asked(*trouble_);
              std::vector<AskedHandshake> answers(ids.size());
              answers.back() = answer_;
              on_asked(std::move(answers));
            }};
    return questions;
  }

  /// Returns the body of the late answer, and notes its status.
  std::string answer_of(Route route, std::string accept = "text/plain",
                        std::string body = "DS1\nDS2\n") {
    ServerRequest request;
    request.accept = std::move(accept);
    request.body = std::move(body);
    ServerResponse response;
    route(questions(), request, [&response](ServerResponse got) { response = std::move(got); });
    std::string text;
    response.source->open([](const Result<std::uint64_t>& opened) { EXPECT_TRUE(opened); });
    response.source->read([&text](std::string part) { text = std::move(part); });
    status_ = response.source->status();
    return text;
  }

  std::string line_of(Route route) {
    const auto text = answer_of(route, "text/plain", "DS2\n");
    return text.substr(0, text.find('\n'));
  }

  AskedHandshake answer_;
  std::optional<Error> trouble_;
  RequestVerb verb_{};
  unsigned status_ = 0;
};

TEST_F(ElsewhereTest, AHoldNamesTheNodeThatHasDoneIt) {
  EXPECT_EQ(answer_of(hold_route),
            "DS1 is not pending; `attestrd explain` may say more.\n"
            "DS2, on the node b, is held. Its deadline runs on: Attestr may archive its result "
            "meanwhile.\n");
  EXPECT_EQ(verb_, RequestVerb::hold);
  EXPECT_EQ(status_, 409U);
  EXPECT_EQ(answer_of(hold_route, "application/json"),
            "{\"id\":\"DS1\",\"hold\":\"not_pending\"}\n"
            "{\"id\":\"DS2\",\"hold\":\"held\",\"node\":\"b\"}\n");
  EXPECT_EQ(line_of(release_route),
            "DS2, on the node b, is released, and polled as all others are.");
  EXPECT_EQ(verb_, RequestVerb::release);
  EXPECT_EQ(status_, 200U);
}

TEST_F(ElsewhereTest, OneThatHasEndedMeanwhileIsNotHeld) {
  answer_.now.known = EndedHandshake{Outcome::completed};
  EXPECT_EQ(line_of(hold_route),
            "DS2, on the node b, is not pending; `attestrd explain` may say more.");
  auto again = pending();
  again.attempt = 1;
  answer_.now.known = again;
  EXPECT_EQ(line_of(hold_route),
            "DS2, on the node b, is not pending; `attestrd explain` may say more.")
      << "another attempt was asked for";
}

TEST_F(ElsewhereTest, ANodeThatHasNotAnsweredIsAskedAllTheSame) {
  answer_.is_done = false;
  for (const auto& [route, will_be] :
       {std::pair(&hold_route, "held"), std::pair(&release_route, "released"),
        std::pair(&cancel_route, "cancelled"), std::pair(&kick_route, "polled")}) {
    EXPECT_EQ(line_of(route), std::string("DS2, on the node b, will be ") + will_be +
                                  ": its node is asked, and does it with a beat, or the node that "
                                  "takes it over.");
    EXPECT_EQ(status_, 200U);
  }
  EXPECT_EQ(answer_of(cancel_route, "application/json", "DS2\n"),
            "{\"id\":\"DS2\",\"cancel\":\"asked\",\"node\":\"b\"}\n");
}

TEST_F(ElsewhereTest, ADatabaseThatDoesNotAnswerIsTold) {
  trouble_ = fail(Errc::unavailable, "it is away");
  EXPECT_EQ(line_of(hold_route),
            "DS2 is not pending here, and it is not known whether another node is asked: it is "
            "away.");
  EXPECT_EQ(status_, 409U);
}

TEST_F(ElsewhereTest, ACancelSaysHowTheHandshakeHasEnded) {
  answer_.now.known = EndingHandshake{Outcome::failed};
  answer_.now.reason = Reason::cancelled;
  EXPECT_EQ(line_of(cancel_route), "DS2, on the node b, is cancelled; its record is in failed/.");
  EXPECT_EQ(status_, 200U);
  answer_.now.reason = Reason::expired;
  EXPECT_EQ(line_of(cancel_route),
            "DS2, on the node b, has ended otherwise; see `attestrd explain`.");
  EXPECT_EQ(status_, 409U);
  answer_.now.known = EndedHandshake{Outcome::completed};
  EXPECT_EQ(line_of(cancel_route),
            "DS2, on the node b, has completed: its result came first, and is published.");
  answer_.now.known = UnknownHandshake();
  EXPECT_EQ(cancel_outcome(answer_), CancelOutcome::not_pending);
}

TEST_F(ElsewhereTest, AKickSaysWhetherItIsPolled) {
  EXPECT_EQ(line_of(kick_route), "DS2, on the node b, is due now.");
  EXPECT_EQ(status_, 200U);
  auto held = pending();
  held.is_held = true;
  answer_.now.known = held;
  EXPECT_EQ(line_of(kick_route),
            "DS2, on the node b, is held; `attestrd release` lets it be polled.");
  EXPECT_EQ(status_, 409U);
  answer_.now.known = EndedHandshake{Outcome::completed};
  EXPECT_EQ(line_of(kick_route), "DS2, on the node b, has ended meanwhile.");
  EXPECT_EQ(status_, 200U);
}

TEST_F(ElsewhereTest, ARecordIsReadmittedWhereItIs) {
  const std::string file = "DS2.json\n";
  EXPECT_EQ(answer_of(readmit_route, "text/plain", file),
            "rejected/DS2.json: refused: there is no such file\n");
  answer_.now.known = EndedHandshake{Outcome::rejected};
  EXPECT_EQ(answer_of(readmit_route, "text/plain", file),
            "rejected/DS2.json: refused: the node b has it; give the command there\n");
  EXPECT_EQ(status_, 409U);
  EXPECT_EQ(answer_of(readmit_route, "application/json", file),
            "{\"file\":\"rejected/DS2.json\",\"readmit\":\"no_file\",\"node\":\"b\"}\n");
  answer_.now.node.name = "a";
  EXPECT_EQ(answer_of(readmit_route, "text/plain", file),
            "rejected/DS2.json: refused: there is no such file\n")
      << "it was here";
}

}  // namespace
}  // namespace attestrd
