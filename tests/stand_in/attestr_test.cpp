#include "attestr.h"

#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <stdexcept>
#include <string>

namespace attestrd::simulator {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

/// Midnight in Asia/Kolkata is 18:30 UTC: this run starts at 18:00 UTC of 2026-11-23.
const Moment kStart{SteadyTime(hours(1)), WallTime(seconds(1795456800))};

Moment after(milliseconds time) { return {kStart.steady + time, kStart.wall + time}; }

AttestrSettings fixed_law(const std::string& time_s) {
  AttestrSettings settings;
  settings.token = "dG9rZW4=";
  settings.style.secret = "the secret";
  settings.fates.law = Law::parse("fixed:" + time_s);
  return settings;
}

Query query(std::string_view target = "/api/v1/public/flowx/handshake/DS01") {
  return {"GET", target, "Basic dG9rZW4=", "application/json"};
}

std::string answer(Attestr& attestr, const Query& query, Moment now = kStart) {
  const Reply reply = attestr.reply(query, now);
  return std::to_string(reply.http.status) + " " + std::string(reply.answer);
}

TEST(Attestr, CountsAgeFromTheFirstRequest) {
  AttestrSettings settings = fixed_law("10");
  settings.fates.archive_after_s = 5;
  Attestr attestr(settings, kStart);
  EXPECT_EQ(answer(attestr, query(), after(seconds(100))), "200 pending");
  EXPECT_EQ(answer(attestr, query(), after(milliseconds(109'999))), "200 pending");
  EXPECT_EQ(answer(attestr, query(), after(seconds(110))), "200 completed");
  EXPECT_EQ(answer(attestr, query(), after(seconds(115))), "200 archived");
}

TEST(Attestr, CountsAgeFromTheStartIfSet) {
  AttestrSettings settings = fixed_law("10");
  settings.created_at_start = true;
  Attestr attestr(settings, kStart);
  EXPECT_EQ(answer(attestr, query(), after(seconds(10))), "200 completed");
}

TEST(Attestr, AnswersWithTheTimeOfArchiving) {
  AttestrSettings settings = fixed_law("10");
  settings.fates.archive_after_s = 0;
  Attestr attestr(settings, kStart);
  EXPECT_EQ(answer(attestr, query()), "200 pending");
  const Reply reply = attestr.reply(query(), after(hours(1)));
  EXPECT_NE(reply.http.body.find("\"archived\":1795456810000,"), std::string::npos);
}

TEST(Attestr, RefusesInvalidRequests) {
  Attestr attestr(fixed_law("10"), kStart);
  Query wrong = query();
  wrong.authorization = "Basic b3RoZXI=";
  EXPECT_EQ(answer(attestr, wrong), "401 4016");
  wrong.authorization = "";
  EXPECT_EQ(answer(attestr, wrong), "401 4016");
  wrong = query();
  wrong.content_type = "";
  EXPECT_EQ(answer(attestr, wrong), "400 4001");
  wrong.content_type = "application/json; charset=utf-8";
  EXPECT_EQ(answer(attestr, wrong), "200 pending");
  wrong.method = "POST";
  EXPECT_EQ(answer(attestr, wrong), "405 405");
  EXPECT_EQ(answer(attestr, query("/api/v2/public/flowx/handshake/DS01")), "400 40051");
  EXPECT_EQ(answer(attestr, query("/api/v1/public/flowx/handshake/D%20")), "400 4001");
  EXPECT_EQ(answer(attestr, query("/api/v1/public/flowx")), "404 404");
  EXPECT_EQ(answer(attestr, query("/")), "404 404");
}

TEST(Attestr, UnlistedIdsAreUnknown) {
  AttestrSettings settings = fixed_law("10");
  settings.fates.known = {"DS02"};
  Attestr attestr(settings, kStart);
  EXPECT_EQ(answer(attestr, query()), "400 not_found");
}

TEST(Attestr, LimitsTheRateInASlidingSecond) {
  AttestrSettings settings = fixed_law("10");
  settings.rate_limit = 2;
  settings.retry_after = parse_retry_after("3");
  Attestr attestr(settings, kStart);
  EXPECT_EQ(answer(attestr, query(), after(milliseconds(0))), "200 pending");
  EXPECT_EQ(answer(attestr, query(), after(milliseconds(900))), "200 pending");
  const Reply refused = attestr.reply(query(), after(milliseconds(999)));
  EXPECT_EQ(refused.answer, "4292");
  EXPECT_TRUE(refused.limited);
  EXPECT_EQ(refused.http.retry_after, "3");
  EXPECT_EQ(answer(attestr, query(), after(milliseconds(1000))), "200 pending");
  EXPECT_EQ(answer(attestr, query(), after(milliseconds(1001))), "429 4292");
  EXPECT_EQ(answer(attestr, query(), after(milliseconds(1900))), "200 pending");
}

TEST(Attestr, LimitsTheDayOfKolkata) {
  AttestrSettings settings = fixed_law("100000");
  settings.daily_limit = 1;
  Attestr attestr(settings, kStart);
  EXPECT_EQ(answer(attestr, query()), "200 pending");
  EXPECT_EQ(answer(attestr, query(), after(seconds(1799))), "429 4293");
  EXPECT_EQ(answer(attestr, query(), after(seconds(1800))), "200 pending");
}

TEST(Attestr, FaultsHaveTheirProbability) {
  AttestrSettings settings = fixed_law("100000");
  settings.faults.set("500", 0.1);
  settings.faults.set("bad-signature", 1);  // without effect: nothing is signed yet
  Attestr attestr(settings, kStart);
  std::map<std::string, int> counts;
  for (int i = 0; i < 10'000; ++i) ++counts[answer(attestr, query())];
  EXPECT_NEAR(counts["500 500"], 1000, 120);
  EXPECT_EQ(counts["500 500"] + counts["200 pending"], 10'000);
  EXPECT_THROW(settings.faults.set("4000", 0.1), std::invalid_argument);
}

TEST(Attestr, FaultsOfTheAccountOccurInSpells) {
  AttestrSettings settings = fixed_law("100000");
  settings.faults.set("4016", 0.1);
  settings.faults.set("4005", 0.2);
  settings.spell_s = 4;
  Attestr attestr(settings, kStart);
  std::map<std::string, int> spells;
  for (int spell = 0; spell < 20; ++spell) {
    const auto first = answer(attestr, query(), after(seconds(4 * spell)));
    EXPECT_EQ(answer(attestr, query(), after(milliseconds(4000 * spell + 3999))), first);
    ++spells[first];
  }
  EXPECT_NEAR(spells["401 4016"], 2, 1);
  EXPECT_NEAR(spells["400 4005"], 4, 1);
  EXPECT_EQ(spells["401 4016"] + spells["400 4005"] + spells["200 pending"], 20);
}

TEST(Attestr, AnswersHaveTheGivenTags) {
  AttestrSettings settings = fixed_law("10");
  settings.tags = {{"DS01", "my \"tag\""}};
  Attestr attestr(settings, kStart);
  EXPECT_NE(attestr.reply(query(), kStart).http.body.find(R"("tag":"my \"tag\"")"),
            std::string::npos);
  const Reply other = attestr.reply(query("/api/v1/public/flowx/handshake/DS02"), kStart);
  EXPECT_NE(other.http.body.find("\"tag\":\"" + tag_of("DS02") + "\""), std::string::npos);
}

TEST(HttpText, WritesTheThreeDatesOfRfc9110) {
  const WallTime time(seconds(784111777));  // the example of RFC 9110, 5.6.7
  EXPECT_EQ(retry_after_value(parse_retry_after("0,imf"), time), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(retry_after_value(parse_retry_after("0,rfc850"), time),
            "Sunday, 06-Nov-94 08:49:37 GMT");
  EXPECT_EQ(retry_after_value(parse_retry_after("0,asctime"), time), "Sun Nov  6 08:49:37 1994");
  EXPECT_EQ(retry_after_value(parse_retry_after("120"), time), "120");
  EXPECT_THROW(parse_retry_after("5,iso"), std::invalid_argument);
}

TEST(HttpText, ChunksAddUpToTheBody) {
  HttpAnswer answer;
  answer.body = "0123456789";
  const std::string text = wire_text(answer, {.chunked = true, .last = true}, kStart.wall);
  EXPECT_NE(text.find("Connection: close\r\n"), std::string::npos);
  EXPECT_TRUE(text.ends_with("\r\n\r\n4\r\n0123\r\n4\r\n4567\r\n2\r\n89\r\n0\r\n\r\n")) << text;
}

}  // namespace
}  // namespace attestrd::simulator
