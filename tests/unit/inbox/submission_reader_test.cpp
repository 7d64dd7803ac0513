#include "inbox/submission_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/limits.h"

namespace attestrd {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using End = SubmissionReader::End;

/// A file of which each read returns at most `step` bytes.
class GrowingFile final : public ReadableFile {
 public:
  explicit GrowingFile(std::size_t step) : step_(step) {}

  Result<std::size_t> read(std::uint64_t offset, std::span<char> room) override {
    if (offset >= text.size()) return 0U;
    return text.copy(room.data(), std::min(room.size(), step_), offset);
  }

  Writers writers() override { return Writers::some; }
  Result<FileInfo> inspect() override { return FileInfo{}; }

  std::string text;

 private:
  std::size_t step_;
};

class SubmissionReaderTest : public ::testing::TestWithParam<std::size_t> {
 protected:
  std::vector<std::string> read(bool is_complete, std::size_t lines = 1000) {
    const auto end = reader_.read(file_, is_complete, lines);
    end_ = *end;
    std::vector<std::string> ids;
    for (const auto& submission : reader_.take_slice().submissions)
      ids.emplace_back(submission.id.view());
    return ids;
  }

  GrowingFile file_{GetParam()};
  SubmissionReader reader_{"list"};
  End end_{};
};

TEST_P(SubmissionReaderTest, ReadsCompleteLinesOnly) {
  file_.text = "DSa\n\nDSb\nDSha";
  EXPECT_THAT(read(false), ElementsAre("DSa", "DSb"));
  EXPECT_EQ(end_, End::file);
  EXPECT_THAT(read(false), IsEmpty());
  file_.text += "lf\n";
  EXPECT_THAT(read(false), ElementsAre("DShalf"));
  EXPECT_EQ(reader_.offset(), file_.text.size());
}

TEST_P(SubmissionReaderTest, TheRestOfACompleteFileIsALine) {
  file_.text = "DSa\nDSb";
  EXPECT_THAT(read(true), ElementsAre("DSa", "DSb"));
  EXPECT_THAT(read(true), IsEmpty());
}

// Programs reserve the space of a file first, and fill it later.
TEST_P(SubmissionReaderTest, SpaceThatIsReservedWaitsUntilItIsWritten) {
  file_.text = "DSa\n" + std::string(6000, '\0');
  EXPECT_THAT(read(false), ElementsAre("DSa"));
  EXPECT_EQ(end_, End::file);
  EXPECT_THAT(read(false), IsEmpty());
  EXPECT_EQ(reader_.offset(), 4U);
  file_.text.replace(4, 8, "DSb\nDSc\n");
  EXPECT_THAT(read(false), ElementsAre("DSb", "DSc"));
  EXPECT_THAT(read(true), IsEmpty());
  EXPECT_EQ(reader_.offset(), file_.text.size());
  EXPECT_EQ(reader_.refusal().lines, 1U) << "the rest was never written";
}

// Bytes behind the hole may be the end of an id whose beginning was lost in a power cut.
TEST_P(SubmissionReaderTest, ALineWithAHoleIsRefusedOnceTheFileIsComplete) {
  file_.text = std::string(700, '\0') + "DSa\nDSb\n" + std::string(600, '\0') + "DSc";
  EXPECT_THAT(read(false), IsEmpty());
  EXPECT_THAT(read(true), ElementsAre("DSb"));
  EXPECT_EQ(reader_.refusal().lines, 2U);
}

TEST_P(SubmissionReaderTest, NoticesThatTheFileWasWrittenAnew) {
  file_.text = "DSaaa1\n";
  EXPECT_TRUE(*reader_.is_as_read(file_));
  read(false);
  file_.text += "DSb\n";
  EXPECT_TRUE(*reader_.is_as_read(file_));
  file_.text = "DSbbbbbbbbbb1\nDSccc2\n";
  EXPECT_FALSE(*reader_.is_as_read(file_));
  file_.text = "DS";
  EXPECT_FALSE(*reader_.is_as_read(file_)) << "it is shorter now";
  file_.text.clear();
  for (int i = 0; i < 100; ++i) file_.text += "DS" + std::to_string(i) + "\n";
  reader_.restart();
  read(false, 30);
  read(false, 30);
  EXPECT_TRUE(*reader_.is_as_read(file_));
}

TEST_P(SubmissionReaderTest, StopsAtItsBoundAndGoesOn) {
  file_.text = "DSa\nDSb\nDSc\n";
  EXPECT_THAT(read(false, 2), ElementsAre("DSa", "DSb"));
  EXPECT_EQ(end_, End::bound);
  EXPECT_THAT(read(false, 2), ElementsAre("DSc"));
}

TEST_P(SubmissionReaderTest, GoesBackToThePositionThatWasKept) {
  file_.text = "DSa\nbad 1\n";
  EXPECT_THAT(read(false), ElementsAre("DSa"));
  reader_.keep();
  file_.text += "DSb\nbad 2\n";
  EXPECT_THAT(read(false), ElementsAre("DSb"));
  EXPECT_EQ(reader_.refusal().lines, 2U);
  reader_.rewind();
  EXPECT_EQ(reader_.refusal().lines, 1U);
  EXPECT_THAT(read(false), ElementsAre("DSb"));
  EXPECT_EQ(reader_.refusal().lines, 2U);
  EXPECT_THAT(reader_.refusal().text, HasSubstr("line 4: "));
}

TEST_P(SubmissionReaderTest, SkipsAnOverlongLineAndGoesOnAfterIt) {
  for (const std::size_t more : {1U, 2U, 5000U, 200'000U}) {
    reader_ = SubmissionReader("list");
    file_.text = "DSa\n" + std::string(limits::kSubmissionLineBytes + more, 'x');
    EXPECT_THAT(read(false), ElementsAre("DSa"));
    file_.text += "\nDSb\n";
    EXPECT_THAT(read(false), ElementsAre("DSb")) << more;
    EXPECT_EQ(reader_.refusal().lines, 1U);
    EXPECT_TRUE(reader_.refusal().is_partial);
    EXPECT_THAT(reader_.refusal().text, HasSubstr("line 2: it is longer"));
  }
}

TEST_P(SubmissionReaderTest, RefusesAnOverlongRest) {
  file_.text = "DSa\n" + std::string(limits::kSubmissionLineBytes + 5, 'x');
  EXPECT_THAT(read(true), ElementsAre("DSa"));
  EXPECT_EQ(reader_.refusal().lines, 1U);
}

INSTANTIATE_TEST_SUITE_P(Steps, SubmissionReaderTest, ::testing::Values(1, 7, 4096, 1 << 20));

}  // namespace
}  // namespace attestrd
