#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/limits.h"
#include "inbox/submission_reader.h"

namespace attestrd {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// A file of which each read returns at most `step` bytes.
class SlowFile final : public ReadableFile {
 public:
  SlowFile(std::string text, std::size_t step) : text_(std::move(text)), step_(step) {}

  Result<std::size_t> read(std::span<char> room) override {
    const std::size_t count = text_.copy(room.data(), std::min(room.size(), step_), position_);
    position_ += count;
    return count;
  }

  Writers writers() override { return Writers::none; }
  Result<FileInfo> inspect() override { return FileInfo{}; }

 private:
  std::string text_;
  std::size_t step_;
  std::size_t position_ = 0;
};

struct Read {
  std::vector<std::string> lines;
  bool is_complete = false;
};

Read read(const std::string& text, std::size_t step, std::size_t bytes) {
  LineReader reader(std::make_unique<SlowFile>(text, step), bytes);
  Read read;
  for (;;) {
    const auto line = reader.next();
    if (!line || !*line) break;
    read.lines.emplace_back(**line);
  }
  read.is_complete = reader.is_complete();
  return read;
}

class LineReaderTest : public ::testing::TestWithParam<std::size_t> {
 protected:
  Read read(const std::string& text) { return attestrd::read(text, GetParam(), text.size()); }
};

TEST_P(LineReaderTest, SplitsAtLineFeeds) {
  EXPECT_THAT(read("").lines, IsEmpty());
  EXPECT_THAT(read("a\n\nbc\n").lines, ElementsAre("a", "", "bc"));
  EXPECT_TRUE(read("a\n\nbc\n").is_complete);
}

TEST_P(LineReaderTest, ReportsALastLineWithoutLineFeed) {
  EXPECT_THAT(read("a\nb").lines, ElementsAre("a", "b"));
  EXPECT_FALSE(read("a\nb").is_complete);
}

TEST_P(LineReaderTest, TruncatesAnOverlongLineAndContinuesAfterIt) {
  const std::string longest(limits::kSubmissionLineBytes, 'x');
  const std::string cut = longest + "x";
  EXPECT_THAT(read(longest + "\nb\n").lines, ElementsAre(longest, "b"));
  for (const std::size_t more : {1U, 2U, 5000U, 200'000U}) {
    const std::string overlong = longest + std::string(more, 'x');
    const auto followed = read("a\n" + overlong + "\nb\n");
    EXPECT_THAT(followed.lines, ElementsAre("a", cut, "b")) << more;
    EXPECT_TRUE(followed.is_complete);
    const auto last = read("a\n" + overlong);
    EXPECT_THAT(last.lines, ElementsAre("a", cut)) << more;
    EXPECT_FALSE(last.is_complete);
  }
}

INSTANTIATE_TEST_SUITE_P(Steps, LineReaderTest, ::testing::Values(1, 7, 4096, 1 << 20));

TEST(LineReaderBoundTest, StopsAtItsBoundInAFileThatGrows) {
  EXPECT_THAT(read("a\nb\nc\n", 2, 4).lines, ElementsAre("a", "b"));
}

}  // namespace
}  // namespace attestrd
