#include "daemon/cli/list_rows.h"

#include <gtest/gtest.h>

#include <string>

#include "base/rfc3339.h"

namespace attestrd {
namespace {

/// A line of the daemon's list, submitted and due so many seconds after 20:00.
std::string line(std::string_view id, int submitted, std::optional<int> due) {
  const auto at = [](int seconds) {
    return "\"2026-11-23T20:00:" + std::string(seconds < 10 ? "0" : "") + std::to_string(seconds) +
           ".000000Z\"";
  };
  return R"({"id":")" + std::string(id) + R"(","time":)" + at(50) +
         R"(,"state":"waiting","waits_for":"result","next_poll":)" + (due ? at(*due) : "null") +
         R"(,"next_poll_in_s":)" + (due ? std::to_string(*due - 50) : "null") +
         R"(,"submitted_at":)" + at(submitted) + R"(,"polls":3})" + "\n";
}

std::string rows_of(const ListForm& form, std::string_view lines) {
  std::string printed;
  ListRows rows(form, [&printed](std::string_view row) { printed += row; });
  EXPECT_TRUE(rows.take(lines));
  rows.finish();
  return printed;
}

const std::string kLines =
    line("DS1", 30, 59) + line("DS2", 10, std::nullopt) + line("DS3", 20, 52);

TEST(ListRows, HaveColumns) {
  EXPECT_EQ(ListRows::header() + rows_of({}, kLines),
            "ID                    STATE         AGE   DUE IN  POLLS WAITS FOR TROUBLE\n"
            "DS1                   waiting       20s       9s      3 result    -\n"
            "DS2                   waiting       40s        -      3 result    -\n"
            "DS3                   waiting       30s       2s      3 result    -\n");
}

TEST(ListRows, AreTheLinesThemselvesAsJson) {
  EXPECT_EQ(rows_of({.as_json = true}, kLines), kLines);
}

TEST(ListRows, AreSortedByAgeOrByTheNextPoll) {
  EXPECT_EQ(rows_of({.sort = ListForm::Sort::age, .limit = {}, .as_json = true}, kLines),
            line("DS2", 10, std::nullopt) + line("DS3", 20, 52) + line("DS1", 30, 59));
  EXPECT_EQ(rows_of({.sort = ListForm::Sort::due, .limit = {}, .as_json = true}, kLines),
            line("DS3", 20, 52) + line("DS1", 30, 59) + line("DS2", 10, std::nullopt));
}

TEST(ListRows, ALimitKeepsTheFirst) {
  EXPECT_EQ(rows_of({.sort = ListForm::Sort::age, .limit = 2, .as_json = true}, kLines),
            line("DS2", 10, std::nullopt) + line("DS3", 20, 52));
  std::string printed;
  ListRows rows({.limit = 2, .as_json = true}, [&](std::string_view row) { printed += row; });
  const auto goes_on = rows.take(kLines);
  ASSERT_TRUE(goes_on);
  EXPECT_FALSE(*goes_on) << "the rest need not be asked for";
  EXPECT_EQ(printed, line("DS1", 30, 59) + line("DS2", 10, std::nullopt));
}

TEST(ListRows, RefuseWhatIsNoList) {
  ListRows rows({}, [](std::string_view) {});
  EXPECT_EQ(rows.take("<html>\n").error().code, Errc::unavailable);
  EXPECT_EQ(rows.take("{}\n").error().code, Errc::unavailable);
}

TEST(ListRows, NarrowTheListToTheRowsThatCanStillChangeIt) {
  const auto narrowed = [](const ListForm& form, std::string_view lines) {
    ListRows rows(form, [](std::string_view) {});
    EXPECT_TRUE(rows.take(lines));
    ListFilter filter;
    rows.narrow(filter);
    return filter;
  };
  const auto at = [](std::string_view second) {
    return *parse_rfc3339_ms("2026-11-23T20:00:" + std::string(second) + ".001Z");
  };
  const ListFilter by_age = narrowed({ListForm::Sort::age, 2}, kLines);
  EXPECT_EQ(by_age.submitted_before, at("20"));
  EXPECT_FALSE(by_age.due_before);
  EXPECT_EQ(narrowed({ListForm::Sort::due, 2}, kLines).due_before, at("59"));
  EXPECT_FALSE(narrowed({ListForm::Sort::due, 3}, kLines).due_before) << "the last has no poll";
  EXPECT_FALSE(narrowed({ListForm::Sort::age, 4}, kLines).submitted_before);
  EXPECT_FALSE(narrowed({ListForm::Sort::age}, kLines).submitted_before);
  EXPECT_FALSE(narrowed({ListForm::Sort::none, 2}, kLines).submitted_before);
}

TEST(ListRows, HaveAColumnOfNodesInAFleet) {
  auto of_node = line("DS1", 30, 59);
  of_node.insert(of_node.rfind('}'), R"(,"node":"b")");
  EXPECT_EQ(
      ListRows::header(true) + rows_of({.has_nodes = true}, of_node + line("DS2", 10, 59)),
      "ID                    STATE         AGE   DUE IN  POLLS WAITS FOR NODE         TROUBLE\n"
      "DS1                   waiting       20s       9s      3 result    b            -\n"
      "DS2                   waiting       40s       9s      3 result    -            -\n");
}

}  // namespace
}  // namespace attestrd
