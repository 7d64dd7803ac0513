#include "daemon/control/list/ages.h"

#include <gtest/gtest.h>

#include <string>

#include "daemon/control/routes.h"

namespace attestrd {
namespace {

/// Returns the answer from an engine with two pages, each with the same table.
ServerResponse answer_for(std::string accept) {
  Questions questions;
  questions.ask_engine = [](const EngineCommand& command, const Questions::OnAnswer& on_answer) {
    AgesPage page;
    page.table.rows.at(0) = {.polling = 1, .held = 2, .now = 3, .due = {4}};
    page.table.rows.at(6).due.at(6) = 5;
    if (std::get<AgesCommand>(command).from == 0) page.next = 8192;
    on_answer(page);
  };
  ServerRequest request;
  request.accept = std::move(accept);
  ServerResponse answer;
  ages_route(questions, request, [&](ServerResponse response) { answer = std::move(response); });
  return answer;
}

TEST(AgesRoute, AddsUpAllPagesInATable) {
  EXPECT_EQ(
      ages_header() + answer_for("text/plain").body,
      "AGE     TOTAL POLLED   HELD    NOW     1m    10m     1h     6h     1d     7d   more\n"
      "1m         20      2      4      6      8      0      0      0      0      0      0\n"
      "10m         0      0      0      0      0      0      0      0      0      0      0\n"
      "1h          0      0      0      0      0      0      0      0      0      0      0\n"
      "6h          0      0      0      0      0      0      0      0      0      0      0\n"
      "1d          0      0      0      0      0      0      0      0      0      0      0\n"
      "7d          0      0      0      0      0      0      0      0      0      0      0\n"
      "more       10      0      0      0      0      0      0      0      0      0     10\n"
      "all        30      2      4      6      8      0      0      0      0      0     10\n");
}

TEST(AgesRoute, HasOneObjectPerRangeOfAges) {
  const auto body = answer_for("application/json").body;
  EXPECT_TRUE(body.starts_with(
      R"({"age_up_to_s":60,"total":20,"polling":2,"held":4,"due_in":{"now":6,"1m":8,"10m":0,)"
      R"("1h":0,"6h":0,"1d":0,"7d":0,"more":0}})"
      "\n"))
      << body;
  EXPECT_NE(body.find("\n{\"age_up_to_s\":null,\"total\":10,"), body.npos) << body;
}

}  // namespace
}  // namespace attestrd
