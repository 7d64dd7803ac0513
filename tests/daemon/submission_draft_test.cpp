#include "daemon/cli/submission_draft.h"

#include <gtest/gtest.h>

#include <string>

namespace attestrd {
namespace {

constexpr Wall kExpiry{std::chrono::milliseconds(1'795'484'591'000)};

/// A draft that collects its faults.
struct Drafting {
  explicit Drafting(SubmissionDetails details = {})
      : draft(std::move(details), [this](std::string_view where, std::string_view why) {
          faults += std::string(where) + ": " + std::string(why) + '\n';
        }) {}

  void lines(std::initializer_list<std::string_view> all) {
    for (const auto line : all) draft.add_line(line, "stdin:1");
  }

  std::string faults;
  SubmissionDraft draft;
};

TEST(SubmissionDraft, KeepsLinesAsTheyAreWithoutDetails) {
  Drafting drafting;
  drafting.lines({"DS1", "# mine", "", R"({"id": "DS2", "tag": "t"})", "DS1"});
  EXPECT_EQ(drafting.draft.text(), "DS1\n{\"id\": \"DS2\", \"tag\": \"t\"}\n");
  EXPECT_EQ(drafting.draft.ids(), (std::vector<std::string>{"DS1", "DS2"}));
  EXPECT_FALSE(drafting.draft.has_faults());
}

TEST(SubmissionDraft, AddsTheDetailsToLinesThatLackThem) {
  Drafting drafting({"t", kExpiry});
  drafting.lines({"DS1", R"({"id":"DS2","tag":"t"})", R"({"id":"DS3","expiry":1795484591000})"});
  EXPECT_EQ(drafting.draft.text(), R"({"id":"DS1","tag":"t","expiry":1795484591000})"
                                   "\n"
                                   R"({"id":"DS2","tag":"t","expiry":1795484591000})"
                                   "\n"
                                   R"({"id":"DS3","tag":"t","expiry":1795484591000})"
                                   "\n");
  EXPECT_EQ(drafting.faults, "");
}

TEST(SubmissionDraft, KeepsWhatALineSaysBesideTheDetails) {
  Drafting drafting({"t", {}});
  drafting.lines({R"({"id":"DS1","expiry":1795484591000})", "DS1", "DS1"});
  EXPECT_EQ(drafting.draft.text(), "{\"id\":\"DS1\",\"tag\":\"t\",\"expiry\":1795484591000}\n");
  EXPECT_EQ(drafting.draft.ids().size(), 1U);
}

TEST(SubmissionDraft, RefusesALineThatSaysOtherwise) {
  Drafting drafting({"t", kExpiry});
  drafting.lines({R"({"id":"DS1","tag":"u"})", R"({"id":"DS1","expiry":1795484591001})"});
  EXPECT_EQ(drafting.faults,
            "stdin:1: the line has another tag than --tag\n"
            "stdin:1: the line has another expiry than --expiry\n");
  EXPECT_TRUE(drafting.draft.has_faults());
  EXPECT_EQ(drafting.draft.text(), "");
}

}  // namespace
}  // namespace attestrd
