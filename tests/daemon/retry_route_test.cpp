#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "daemon/control/routes.h"

namespace attestrd {
namespace {

/// A ledger that answers later.
class RetryRoute : public testing::Test {
 protected:
  void ask(std::string body, std::string target = "/retry", std::string accept = "text/plain") {
    Questions questions;
    questions.retry = [this](std::vector<HandshakeId> ids, bool even_completed,
                             Questions::OnRetried on_retried) {
      asked_ = std::move(ids);
      is_again_ = even_completed;
      on_retried_ = std::move(on_retried);
    };
    ServerRequest request;
    request.target = std::move(target);
    request.accept = std::move(accept);
    request.body = std::move(body);
    retry_route(questions, request, [this](ServerResponse response) { response_ = response; });
  }

  /// Returns the body once the ledger has answered.
  std::string body_after(const std::vector<Retried>& answer) {
    std::uint64_t length = 0;
    response_.source->open([&length](Result<std::uint64_t> opened) { length = *opened; });
    EXPECT_EQ(length, 0U) << "it waits";
    std::string body;
    on_retried_(answer);
    response_.source->read([&body](std::string part) { body = std::move(part); });
    EXPECT_EQ(length, body.size());
    return body;
  }

  std::vector<HandshakeId> asked_;
  bool is_again_ = false;
  Questions::OnRetried on_retried_;
  ServerResponse response_;
};

TEST_F(RetryRoute, AnswersOneLinePerIdOnceItIsDurable) {
  ask("DS1\nDS2\n");
  EXPECT_EQ(body_after({Retried::reopened, Retried::reopened}),
            "DS1 is polled again.\nDS2 is polled again.\n");
  EXPECT_EQ(response_.source->status(), 200U);
  EXPECT_EQ(asked_.size(), 2U);
  EXPECT_FALSE(is_again_);
}

TEST_F(RetryRoute, NamesTheIdsThatAreRefused) {
  const std::vector<Retried> all = {Retried::completed, Retried::pending, Retried::ending,
                                    Retried::unknown, Retried::full};
  ask("DS1\nDS2\nDS3\nDS4\nDS5\n", "/retry?again");
  EXPECT_EQ(body_after(all),
            "DS1 has completed; with --again it is polled and published again.\n"
            "DS2 is pending; `attestrd kick` polls it now.\n"
            "DS3 is just ending; try again in a moment.\n"
            "DS4 is not known; submit it.\n"
            "DS5 does not fit: as many handshakes are pending as can be.\n");
  EXPECT_EQ(response_.source->status(), 409U);
  EXPECT_TRUE(is_again_);
  ask("DS1\nDS2\n", "/retry", "application/json");
  EXPECT_EQ(body_after({Retried::reopened, Retried::completed}),
            "{\"id\":\"DS1\",\"retry\":\"reopened\"}\n{\"id\":\"DS2\",\"retry\":\"completed\"}\n");
  EXPECT_EQ(response_.content_type, "application/json");
}

TEST_F(RetryRoute, RefusesALineThatIsNotAnId) {
  ask("DS1\nD/S\n");
  EXPECT_EQ(response_.status, 400U);
  EXPECT_EQ(response_.body, "line 2 is not an id\n");
}

}  // namespace
}  // namespace attestrd
