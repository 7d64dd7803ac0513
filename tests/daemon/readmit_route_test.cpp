#include <gtest/gtest.h>

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "daemon/control/routes.h"

namespace attestrd {
namespace {

/// A ledger that answers at once.
class ReadmitRoute : public testing::Test {
 protected:
  /// Returns the body of the answer.
  std::string ask(std::string body, Result<std::vector<Readmitted>> answer,
                  std::string target = "/readmit", std::string accept = "text/plain") {
    Questions questions;
    questions.readmit = [&](std::vector<std::string> files, bool are_named,
                            const Questions::OnReadmitted& on_readmitted) {
      files_ = std::move(files);
      are_named_ = are_named;
      on_readmitted(answer);
    };
    ServerRequest request;
    request.target = std::move(target);
    request.accept = std::move(accept);
    request.body = std::move(body);
    readmit_route(questions, request, [this](ServerResponse response) { response_ = response; });
    if (response_.source == nullptr) return response_.body;
    std::string text;
    response_.source->open([&](Result<std::uint64_t> length) {
      if (!length) text = length.error().message;
    });
    if (!text.empty()) return text;
    response_.source->read([&text](std::string part) { text = std::move(part); });
    return text;
  }

  std::vector<std::string> files_;
  bool are_named_ = false;
  ServerResponse response_;
};

TEST_F(ReadmitRoute, AnswersOneLinePerFile) {
  EXPECT_EQ(
      ask("DS1.json\nDS2.3.json\n", std::vector{Readmitted::readmitted, Readmitted::tag_mismatch}),
      "rejected/DS1.json: readmitted: the result is published\n"
      "rejected/DS2.3.json: refused: the answer has another tag than the submission; "
      "`attestrd retry` polls anew\n");
  EXPECT_EQ(response_.source->status(), 409U);
  EXPECT_EQ(files_, (std::vector<std::string>{"DS1.json", "DS2.3.json"}));
  EXPECT_TRUE(are_named_);
  EXPECT_EQ(
      ask("DS1.json\n", std::vector{Readmitted::readmitted}, "/readmit?all", "application/json"),
      "{\"file\":\"rejected/DS1.json\",\"readmit\":\"readmitted\"}\n");
  EXPECT_EQ(response_.source->status(), 200U);
  EXPECT_FALSE(are_named_);
}

TEST_F(ReadmitRoute, EachAnswerHasANameAndWordsOfItsOwn) {
  std::set<std::string> texts;
  std::size_t answers = 0;
  for (auto answer = Readmitted::readmitted; answer <= Readmitted::no_room;
       answer = static_cast<Readmitted>(static_cast<int>(answer) + 1)) {
    ++answers;
    for (const auto* const accept : {"text/plain", "application/json"})
      texts.insert(ask("DS1.json\n", std::vector{answer}, "/readmit", accept));
  }
  EXPECT_EQ(texts.size(), 2 * answers);
}

TEST_F(ReadmitRoute, RefusesWhatCanBeNoName) {
  for (const auto* const body : {"../queue.db\n", "a/b.json\n", ".used\n", "\n", "DS1.json\r\n"}) {
    EXPECT_EQ(ask(body, std::vector<Readmitted>{}), "line 1 is not a name\n");
    EXPECT_EQ(response_.status, 400U);
  }
}

TEST_F(ReadmitRoute, ASecondRequestIsRefusedMeanwhile) {
  EXPECT_EQ(ask("DS1.json\n", fail(Errc::unavailable, "try again later")), "try again later");
}

}  // namespace
}  // namespace attestrd
