#include "spool/posix_record_survey.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <filesystem>

#include "io/temporary_folder.h"

namespace attestrd::test {
namespace {

using namespace std::chrono_literals;

class PosixRecordSurvey : public testing::Test {
 protected:
  void given_file(const std::string& name, std::time_t written_at) {
    folder_.write(name, "{}");
    const timespec times[] = {{written_at, 0}, {written_at, 0}};
    ASSERT_EQ(::utimensat(AT_FDCWD, folder_.path(name).c_str(), times, 0), 0);
  }
  RecordSurvey survey(const RecordSurvey& before = {}) {
    return *survey_records(folder_.path().string(), before, is_stopped_);
  }

  TemporaryFolder folder_;
  std::atomic<bool> is_stopped_ = false;
};

TEST_F(PosixRecordSurvey, CountsTheRecordsAndFindsTheOldest) {
  EXPECT_EQ(survey().records, 0U);
  EXPECT_FALSE(survey().oldest_at);
  given_file("a.json", 3000);
  given_file("b.2.json", 2000);
  given_file("notes", 1000);
  EXPECT_EQ(survey().records, 2U);
  EXPECT_EQ(survey().oldest, "b.2.json");
  EXPECT_EQ(survey().oldest_at, Wall(2000s));
}

TEST_F(PosixRecordSurvey, AnOldestRecordThatIsStillThereIsTheOldest) {
  given_file("a.json", 3000);
  const auto before = survey();
  given_file("b.json", 2000);  // Its time shows that the other files are not asked.
  EXPECT_EQ(survey(before).oldest, "a.json");
  EXPECT_EQ(survey(before).records, 2U);
  std::filesystem::remove(folder_.path("a.json"));
  EXPECT_EQ(survey(before).oldest, "b.json");
}

TEST_F(PosixRecordSurvey, ARecordThatWasWrittenAnewIsNotTheOneOfBefore) {
  given_file("a.json", 2000);
  const auto before = survey();
  given_file("a.json", 4000);
  given_file("b.json", 3000);
  EXPECT_EQ(survey(before).oldest, "b.json");
}

TEST_F(PosixRecordSurvey, EndsEarlyOnceItIsStopped) {
  for (int i = 0; i < 1100; ++i) folder_.write("h" + std::to_string(i) + ".json", "{}");
  EXPECT_EQ(survey().records, 1100U);
  is_stopped_ = true;
  EXPECT_EQ(survey_records(folder_.path().string(), {}, is_stopped_).error().code,
            Errc::unavailable);
}

TEST_F(PosixRecordSurvey, OfNoFolderIsAnError) {
  const auto none = survey_records(folder_.path("none").string(), {}, is_stopped_);
  ASSERT_TRUE(none.has_error());
  EXPECT_NE(none.error().message.find("/none: can't be listed: No such file"), std::string::npos);
}

TEST_F(PosixRecordSurvey, FreeBytesAreThoseOfTheFileSystem) {
  struct statvfs system {};
  ASSERT_EQ(::statvfs(folder_.path().c_str(), &system), 0);
  const auto all = static_cast<std::uint64_t>(system.f_blocks) * system.f_frsize;
  EXPECT_LE(free_bytes(folder_.path().string()).value(), all);
  EXPECT_FALSE(free_bytes(folder_.path("none").string()));
}

}  // namespace
}  // namespace attestrd::test
