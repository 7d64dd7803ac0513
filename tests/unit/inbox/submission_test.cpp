#include "inbox/submission.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "base/limits.h"

namespace attestrd {
namespace {

using ::testing::HasSubstr;

Submission good(std::string_view line) {
  const auto said = read_submission_line(line);
  const auto* const submission = std::get_if<Submission>(&said);
  EXPECT_NE(submission, nullptr) << line;
  return submission != nullptr ? *submission : Submission{*HandshakeId::parse("none"), {}, {}};
}

std::string objection(std::string_view line) {
  const auto said = read_submission_line(line);
  const auto* const bad = std::get_if<BadLine>(&said);
  return bad != nullptr ? bad->reason : "(taken)";
}

bool is_blank(std::string_view line) {
  return std::holds_alternative<BlankLine>(read_submission_line(line));
}

TEST(SubmissionTest, ReadsAnId) {
  for (const auto* const line :
       {"DS02zfeuv6n4gkq51hvw6", " DS02zfeuv6n4gkq51hvw6\t", "DS02zfeuv6n4gkq51hvw6\r",
        "\xEF\xBB\xBF"
        "DS02zfeuv6n4gkq51hvw6"})
    EXPECT_EQ(good(line).id.view(), "DS02zfeuv6n4gkq51hvw6");
  EXPECT_EQ(good(std::string(64, 'x')).id.view().size(), 64U);
}

TEST(SubmissionTest, ReadsAnObject) {
  const auto whole = good(R"({"id":"DSa","tag":"290846","expiry":1675397411000})");
  EXPECT_EQ(whole.id.view(), "DSa");
  EXPECT_EQ(whole.tag, "290846");
  EXPECT_EQ(whole.expiry, Wall(std::chrono::milliseconds(1675397411000)));
  const auto bare = good(R"( { "id" : "DSa" } )");
  EXPECT_EQ(bare.tag, "");
  EXPECT_EQ(bare.expiry, std::nullopt);
  EXPECT_EQ(good(R"({"id":"DS\u0061","tag":"\u20ac\ud83d\ude00"})").tag, "€😀");
}

TEST(SubmissionTest, SkipsBlankLinesAndComments) {
  EXPECT_TRUE(is_blank(""));
  EXPECT_TRUE(is_blank(" \t\r"));
  EXPECT_TRUE(is_blank("# DSa"));
  EXPECT_TRUE(is_blank("\xEF\xBB\xBF"));
}

TEST(SubmissionTest, RefusesTextsThatAreNoId) {
  for (const auto* const line : {"not an id", "../etc/passwd", "DSa,DSb", "DS\xff", "\"DSa\"",
                                 "-"
                                 "\x1b[2J",
                                 "[\"DSa\"]"})
    EXPECT_THAT(objection(line), HasSubstr("not an id")) << line;
  EXPECT_THAT(objection(std::string(65, 'x')), HasSubstr("1 to 64"));
  EXPECT_THAT(objection(std::string(limits::kSubmissionLineBytes + 1, ' ')), HasSubstr("longer"));
}

struct Refused {
  const char* line;
  const char* objection;
};

class RefusedObject : public ::testing::TestWithParam<Refused> {};

TEST_P(RefusedObject, IsRefusedWithItsReason) {
  EXPECT_THAT(objection(GetParam().line), HasSubstr(GetParam().objection)) << GetParam().line;
}

INSTANTIATE_TEST_SUITE_P(
    SubmissionTest, RefusedObject,
    ::testing::Values(
        Refused{R"({"id":"DSa")", "valid JSON"}, Refused{R"({"id":"DSa"} x)", "valid JSON"},
        Refused{R"({"id":"DSa",})", "valid JSON"}, Refused{R"({id:"DSa"})", "valid JSON"},
        Refused{"{\"id\":\"DSa\",\"tag\":\"\xff\"}", "valid UTF-8"}, Refused{R"({})", "no \"id\""},
        Refused{R"({"tag":"1"})", "no \"id\""}, Refused{R"({"id":7})", "\"id\" must be"},
        Refused{R"({"id":["DSa"]})", "\"id\" must be"}, Refused{R"({"id":""})", "\"id\" is not"},
        Refused{R"({"id":"a/b"})", "\"id\" is not"},
        Refused{R"({"id":"DSa","id":"DSa"})", "\"id\" stands twice"},
        Refused{R"({"id":"DSa","\u0069d":"DSa"})", "\"id\" stands twice"},
        Refused{R"({"id":"DSa","tag":"","tag":"x"})", "\"tag\" stands twice"},
        Refused{R"({"id":"DSa","tag":null})", "\"tag\" must be"},
        Refused{R"({"id":"DSa","tag":"\ud800"})", "surrogate"},
        Refused{R"({"id":"DSa","Expiry":1675397411000})", "unknown key \"Expiry\""},
        Refused{R"({"id":"DSa","expiry":"1675397411000"})", "whole number"},
        Refused{R"({"id":"DSa","expiry":1675397411000.0})", "whole number"},
        Refused{R"({"id":"DSa","expiry":1e12})", "whole number"},
        Refused{R"({"id":"DSa","expiry":99999999999999999999})", "whole number"},
        Refused{R"({"id":"DSa","expiry":1675397411})", "between 2010 and 2200"},
        Refused{R"({"id":"DSa","expiry":0})", "between 2010 and 2200"},
        Refused{R"({"id":"DSa","expiry":-1})", "between 2010 and 2200"}));

TEST(SubmissionTest, NamesUtf16) {
  using namespace std::string_view_literals;
  for (const auto line : {"\xFF\xFE\x44\x00\x53\x00"sv, "\xFE\xFF\x00\x44"sv, "\0D\0S\0\r\0"sv})
    EXPECT_THAT(objection(line), HasSubstr("UTF-16"));
}

TEST(SubmissionTest, BoundsTheTag) {
  const auto with_tag = [](std::size_t bytes) {
    return R"({"id":"DSa","tag":")" + std::string(bytes, 't') + "\"}";
  };
  EXPECT_EQ(good(with_tag(limits::kTagBytes)).tag.size(), limits::kTagBytes);
  EXPECT_THAT(objection(with_tag(limits::kTagBytes + 1)), HasSubstr("more than 256 bytes"));
}

TEST(SubmissionTest, RecognisesTheFileNamesOfSubmissions) {
  EXPECT_TRUE(is_submission_name("list"));
  EXPECT_TRUE(is_submission_name("-rf"));
  EXPECT_FALSE(is_submission_name(".list"));
  EXPECT_FALSE(is_submission_name("list.tmp"));
  EXPECT_FALSE(is_submission_name("list.part"));
  for (const auto* const name :
       {"a.PARTIAL", "a.filepart", "a.crdownload", "a.swp", "a.swx", "a~", "#a#"})
    EXPECT_FALSE(is_submission_name(name)) << name;
  EXPECT_TRUE(is_submission_name("#a"));
  EXPECT_TRUE(is_submission_name("part"));
}

TEST(SubmissionTest, AnEmptyFileMakesARequestByItsName) {
  const auto submits = request_of_empty_file("DS02zfeuv6n4gkq51hvw6");
  ASSERT_TRUE(submits);
  EXPECT_EQ(submits->id.view(), "DS02zfeuv6n4gkq51hvw6");
  EXPECT_FALSE(submits->is_kick);
  const auto kicks = request_of_empty_file("DS02zfeuv6n4gkq51hvw6.kick");
  ASSERT_TRUE(kicks);
  EXPECT_EQ(kicks->id.view(), "DS02zfeuv6n4gkq51hvw6");
  EXPECT_TRUE(kicks->is_kick);
  EXPECT_TRUE(request_of_empty_file("any-id_1.kick")->is_kick);
  for (const auto* const name :
       {"XX02zfeuv6n4gkq51hvw6", "DS 02", ".kick", "DS1.kick.kick", "DS1.KICK", "DS1."})
    EXPECT_FALSE(request_of_empty_file(name)) << name;
}

}  // namespace
}  // namespace attestrd
