#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>

#include "base/limits.h"
#include "inbox/folder_inbox.h"
#include "io/temporary_folder.h"

namespace attestrd::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class InboxTest : public ::testing::Test {
 protected:
  void drop(const std::string& name, const std::string& text) {
    disk_.write("inbox/" + name, text);
  }

  /// Scans the inbox at a time an hour after all files were written.
  InboxScan scan(std::size_t max_lines = 1000) {
    return scan_at(written_ + std::chrono::hours(1), max_lines);
  }

  Result<InboxScan> try_scan() { return inbox_.scan(1000, written_); }

  /// Scans the inbox at the time at which the files are written.
  InboxScan scan_at_once() { return scan_at(written_, 1000); }

  std::vector<std::string> ids(const InboxScan& scan) {
    std::vector<std::string> ids;
    for (const auto& slice : scan.slices)
      for (const auto& submission : slice.submissions) ids.emplace_back(submission.id.view());
    return ids;
  }

  InboxSettlement settle() { return *inbox_.settle(); }

  std::string reason_of_only_refusal() {
    scan();
    const auto settlement = settle();
    EXPECT_EQ(settlement.notices.size(), 1U);
    return settlement.notices.empty() ? "" : settlement.notices[0].reason;
  }

  std::vector<std::string> in_inbox() { return disk_.names_in("inbox"); }
  std::vector<std::string> in_refused() { return disk_.names_in("refused"); }

  TemporaryFolder disk_;
  FolderInbox inbox_{disk_.open("inbox"), disk_.open("refused")};

 private:
  InboxScan scan_at(Wall now, std::size_t max_lines) { return *inbox_.scan(max_lines, now); }

  Wall written_ = std::chrono::floor<Duration>(std::chrono::system_clock::now());
};

TEST_F(InboxTest, ReturnsTheIdsAndRemovesTheFilesAtSettle) {
  drop("list", "DSa\nDSb\n");
  drop("DSc", "");
  EXPECT_THAT(ids(scan()), ElementsAre("DSc", "DSa", "DSb"));
  EXPECT_THAT(in_inbox(), ElementsAre("DSc", "list")) << "not before";
  settle();
  EXPECT_THAT(in_inbox(), IsEmpty());
  EXPECT_THAT(in_refused(), IsEmpty());
}

TEST_F(InboxTest, ReturnsAllIdsAgainAfterARewind) {
  drop("list", "DSa\nDSb\n");
  scan(2);
  inbox_.rewind();
  EXPECT_THAT(ids(scan()), ElementsAre("DSa", "DSb"));
}

TEST_F(InboxTest, ReadsABigFileInRounds) {
  std::string text;
  for (int i = 0; i < 25; ++i) text += "DS" + std::to_string(i) + "\n";
  drop("list", text);
  std::size_t total = 0;
  int rounds = 0;
  for (bool has_more = true; has_more; ++rounds) {
    const auto part = scan(10);
    EXPECT_LE(ids(part).size(), 10U);
    total += ids(part).size();
    has_more = part.has_more;
    settle();
    EXPECT_EQ(in_inbox().size(), has_more ? 1U : 0U);
  }
  EXPECT_EQ(total, 25U);
  EXPECT_EQ(rounds, 3);
  EXPECT_THAT(in_inbox(), IsEmpty());
}

TEST_F(InboxTest, IgnoresNamesOfUnfinishedFiles) {
  drop(".list", "DSa\n");
  drop("list.tmp", "DSa\n");
  drop("list.part", "DSa\n");
  EXPECT_THAT(ids(scan()), IsEmpty());
  EXPECT_THAT(settle().notices, IsEmpty());
  EXPECT_EQ(in_inbox().size(), 3U);
}

TEST_F(InboxTest, WaitsForAFileThatMayBeHalfWritten) {
  drop("list", "DSa\nDS");
  const auto early = scan_at_once();
  EXPECT_THAT(ids(early), IsEmpty());
  EXPECT_TRUE(early.waits);
  settle();
  EXPECT_THAT(in_inbox(), ElementsAre("list"));
  EXPECT_THAT(ids(scan()), ElementsAre("DSa", "DS")) << "it was left alone since";
}

TEST_F(InboxTest, WaitsUntilTheWriterHasClosed) {
  drop("DSexport", "");
  drop("list", "DSa\n");
  {
    std::ofstream one(disk_.path("inbox/DSexport"), std::ios::app);
    std::ofstream other(disk_.path("inbox/list"), std::ios::app);
    const auto early = scan();
    EXPECT_THAT(ids(early), IsEmpty());
    EXPECT_TRUE(early.waits);
    other << "DSb\n";
  }
  EXPECT_THAT(ids(scan()), ElementsAre("DSexport", "DSa", "DSb"));
}

TEST_F(InboxTest, ReadsACompleteFileAtOnce) {
  drop("list", "DSa\n");
  EXPECT_THAT(ids(scan_at_once()), ElementsAre("DSa"));
}

TEST_F(InboxTest, KeepsAFileThatHasChangedSinceTheScan) {
  drop("list", "DSa\n");
  scan();
  drop("list", "DSa\nDSb\n");
  EXPECT_TRUE(settle().waits);
  EXPECT_THAT(ids(scan()), ElementsAre("DSa", "DSb"));
}

TEST_F(InboxTest, WritesAListOfBadLinesToRefused) {
  drop("list", "DSa\nnot an id\n\n{\"id\":7}\n\x1b[31m\xff\nDSb\n");
  const auto found = scan();
  EXPECT_THAT(ids(found), ElementsAre("DSa", "DSb"));
  ASSERT_EQ(found.notices.size(), 3U);
  EXPECT_EQ(found.notices[1].line, 4U);
  EXPECT_EQ(found.notices[1].reason, "\"id\" must be a string");
  settle();
  EXPECT_THAT(in_refused(), ElementsAre("list"));
  const auto text = disk_.read("refused/list");
  EXPECT_THAT(text, HasSubstr("line 2: it is not an id"));
  EXPECT_THAT(text, HasSubstr("line 4: \"id\" must be a string: {\"id\":7}\n"));
  EXPECT_THAT(text, HasSubstr(": \\x1b[31m\\xff\n"));
}

TEST_F(InboxTest, NumbersTheListInRefusedIfItsNameIsInUse) {
  for (int i = 0; i < 2; ++i) {
    drop("list", "bad line " + std::to_string(i) + "\n");
    scan();
    settle();
  }
  EXPECT_THAT(in_refused(), ElementsAre("list", "list.2"));
  drop("list", "bad line 1\n");
  scan();
  settle();
  EXPECT_THAT(in_refused(), ElementsAre("list", "list.2")) << "the same is there already";
}

TEST_F(InboxTest, KeepsASubmissionWithTooManyBadLines) {
  std::string text;
  for (int i = 0; i < 40'000; ++i) text += "this is a bad line\n";
  drop("list", text);
  const auto found = scan(100'000);
  EXPECT_EQ(found.notices.size(), limits::kNoticesPerFile + 1);
  EXPECT_EQ(found.notices.back().count, 40'000 - limits::kNoticesPerFile);
  settle();
  EXPECT_THAT(in_refused(), ElementsAre("list", "list.2"));
  EXPECT_LT(disk_.read("refused/list").size(), 2 * limits::kRefusalBytes);
  EXPECT_EQ(disk_.read("refused/list.2"), text);
}

TEST_F(InboxTest, RefusesAnEmptyFileWithoutAnId) {
  drop("list", "");
  EXPECT_TRUE(scan_at_once().waits);
  EXPECT_THAT(reason_of_only_refusal(), HasSubstr("empty"));
  EXPECT_THAT(in_refused(), ElementsAre("list"));
}

TEST_F(InboxTest, MovesASymbolicLinkAndNeverFollowsIt) {
  std::filesystem::create_symlink("/etc/shadow", disk_.path("inbox/DSa"));
  EXPECT_THAT(reason_of_only_refusal(), HasSubstr("symbolic link"));
  EXPECT_THAT(in_inbox(), IsEmpty());
  EXPECT_TRUE(std::filesystem::is_symlink(disk_.path("refused/DSa")));
}

TEST_F(InboxTest, RefusesAFifo) {
  ASSERT_EQ(::mkfifo(disk_.path("inbox/fifo").c_str(), 0600), 0);
  EXPECT_THAT(reason_of_only_refusal(), HasSubstr("not a plain file"));
  EXPECT_THAT(in_refused(), ElementsAre("fifo"));
}

TEST_F(InboxTest, RefusesAHardLink) {
  disk_.write("elsewhere", "DSa\n");
  std::filesystem::create_hard_link(disk_.path("elsewhere"), disk_.path("inbox/list"));
  EXPECT_THAT(reason_of_only_refusal(), HasSubstr("hard links"));
}

TEST_F(InboxTest, RefusesAHugeFileWithoutReadingIt) {
  drop("huge", "");
  std::filesystem::resize_file(disk_.path("inbox/huge"), std::uintmax_t{10} << 30);
  EXPECT_THAT(reason_of_only_refusal(), HasSubstr("larger than 64 MiB"));
  EXPECT_THAT(in_refused(), ElementsAre("huge"));
}

TEST_F(InboxTest, LeavesAFolderInPlaceAndReportsItOnce) {
  disk_.write("inbox/folder/list", "DSa\n");
  EXPECT_THAT(reason_of_only_refusal(), HasSubstr("folder"));
  scan();
  EXPECT_THAT(settle().notices, IsEmpty());
  EXPECT_THAT(in_inbox(), ElementsAre("folder"));
}

TEST_F(InboxTest, EscapesUnusualNames) {
  for (const auto* const name : {"-rf", "a\nb", "a\xff", "$(reboot)"}) drop(name, "no id\n");
  scan();
  settle();
  EXPECT_THAT(in_inbox(), IsEmpty());
  EXPECT_THAT(in_refused(), ElementsAre("%24%28reboot%29", "%2Drf", "a%0Ab", "a%FF"));
}

TEST_F(InboxTest, OverwritesAnUnfinishedListOfADeadProcess) {
  disk_.write("refused/.unfinished", "half a li");
  drop("list", "no id\n");
  scan();
  settle();
  EXPECT_THAT(in_refused(), ElementsAre("list"));
}

TEST_F(InboxTest, MovesAFolderAwayFromTheNameOfTheUnfinishedList) {
  disk_.write("refused/.unfinished/file", "somebody's");
  drop("list", "no id\n");
  scan();
  EXPECT_FALSE(settle().waits);
  EXPECT_THAT(in_inbox(), IsEmpty());
  EXPECT_THAT(in_refused(), ElementsAre("%2Eunfinished", "list"));
  EXPECT_EQ(disk_.read("refused/%2Eunfinished/file"), "somebody's");
}

TEST_F(InboxTest, KeepsAFileThatReplacedARefusedOne) {
  drop("list", "");
  scan();
  drop("new", "DSa\n");
  std::filesystem::rename(disk_.path("inbox/new"), disk_.path("inbox/list"));
  const auto settlement = settle();
  EXPECT_TRUE(settlement.waits);
  EXPECT_THAT(settlement.notices, IsEmpty());
  EXPECT_THAT(in_refused(), IsEmpty());
  EXPECT_THAT(ids(scan()), ElementsAre("DSa"));
}

TEST_F(InboxTest, AFolderThatReplacedAFileIsReportedByTheNextScan) {
  drop("list", "");
  scan();
  std::filesystem::remove(disk_.path("inbox/list"));
  std::filesystem::create_directory(disk_.path("inbox/list"));
  EXPECT_TRUE(settle().waits);
  EXPECT_THAT(reason_of_only_refusal(), HasSubstr("folder"));
}

TEST_F(InboxTest, FailsWhenAFolderWasReplaced) {
  for (const auto* const name : {"inbox", "refused"}) {
    ASSERT_TRUE(try_scan());
    std::filesystem::rename(disk_.path(name), disk_.path("aside"));
    std::filesystem::create_directory(disk_.path(name));
    const auto found = try_scan();
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().code, Errc::io_failure);
    EXPECT_THAT(found.error().message, HasSubstr(disk_.path(name).string()));
    std::filesystem::remove(disk_.path(name));
    std::filesystem::rename(disk_.path("aside"), disk_.path(name));
  }
}

TEST_F(InboxTest, ReadsAFileFromTheFarFuture) {
  drop("list", "DSa");
  const struct timespec time[2] = {{std::int64_t{1} << 55, 0}, {std::int64_t{1} << 55, 0}};
  ASSERT_EQ(::utimensat(AT_FDCWD, disk_.path("inbox/list").c_str(), time, 0), 0);
  EXPECT_THAT(ids(scan()), ElementsAre("DSa"));
}

/// Drops the privileges of root during its lifetime; has no effect for other users.
class Unprivileged {
 public:
  Unprivileged() { EXPECT_EQ(::geteuid() == 0 ? ::seteuid(65534) : 0, 0); }
  ~Unprivileged() { EXPECT_EQ(::getuid() == 0 ? ::seteuid(0) : 0, 0); }
};

TEST_F(InboxTest, MovesAnUnreadableFile) {
  drop("list", "DSa\n");
  ASSERT_EQ(::chmod(disk_.path("inbox/list").c_str(), 0), 0);
  ASSERT_EQ(::chmod(disk_.path("inbox").c_str(), 0777), 0);
  ASSERT_EQ(::chmod(disk_.path("refused").c_str(), 0777), 0);
  {
    const Unprivileged nobody;
    EXPECT_THAT(reason_of_only_refusal(), HasSubstr("Permission denied"));
  }
  EXPECT_THAT(in_refused(), ElementsAre("list"));
}

TEST_F(InboxTest, KeepsAFileThatItCannotRemoveAndReportsItOnce) {
  drop("list", "DSa\n");
  ASSERT_EQ(::chmod(disk_.path("inbox").c_str(), 0555), 0);
  {
    const Unprivileged nobody;
    EXPECT_THAT(ids(scan()), ElementsAre("DSa"));
    EXPECT_THAT(settle().notices[0].reason, HasSubstr("Permission denied"));
    EXPECT_THAT(ids(scan()), IsEmpty());
    EXPECT_THAT(settle().notices, IsEmpty());
  }
  drop("list", "DSa\nDSb\n");
  {
    const Unprivileged nobody;
    EXPECT_THAT(ids(scan()), ElementsAre("DSa", "DSb")) << "it has changed";
    EXPECT_EQ(settle().notices.size(), 1U);
  }
  ASSERT_EQ(::chmod(disk_.path("inbox").c_str(), 0755), 0);
}

}  // namespace
}  // namespace attestrd::test
