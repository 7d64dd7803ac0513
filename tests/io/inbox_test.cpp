#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <optional>

#include "base/limits.h"
#include "inbox/folder_inbox.h"
#include "io/temporary_folder.h"

namespace attestrd::test {
namespace {

using namespace std::chrono_literals;

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

class InboxTest : public ::testing::Test {
 protected:
  /// Renames a finished file into the inbox.
  void drop(const std::string& name, const std::string& text) {
    disk_.write("outside/" + name, text);
    std::filesystem::rename(disk_.path("outside/" + name), disk_.path("inbox/" + name));
    reports(InboxEvent::Kind::moved_in, name);
  }

  /// Creates a file under its own name and closes it.
  void create(const std::string& name, const std::string& text) {
    disk_.write("inbox/" + name, text);
  }

  void append(const std::string& name, const std::string& text) {
    std::ofstream(disk_.path(name), std::ios::app) << text;
  }

  void reports(InboxEvent::Kind kind, const std::string& name) { events_.push_back({kind, name}); }

  void advance(Duration time) { now_ += time; }

  InboxScan scan(std::size_t max_lines = 1000) { return *try_scan(max_lines); }

  Result<InboxScan> try_scan(std::size_t max_lines = 1000) {
    return inbox_->scan({true, std::exchange(events_, {})}, now_, max_lines);
  }

  std::vector<std::string> ids(const InboxScan& scan) {
    std::vector<std::string> ids;
    for (const auto& slice : scan.slices)
      for (const auto& submission : slice.submissions) ids.emplace_back(submission.id.view());
    return ids;
  }

  InboxSettlement settle() { return *inbox_->settle(); }

  /// A scan whose submissions are committed.
  std::vector<std::string> take_in() {
    const auto found = ids(scan());
    settlement_ = settle();
    return found;
  }

  std::string reason_of_only_refusal() {
    scan();
    const auto settlement = settle();
    EXPECT_EQ(settlement.notices.size(), 1U);
    return settlement.notices.empty() ? "" : settlement.notices[0].reason;
  }

  /// Starts a new process.
  void restart() { inbox_ = *FolderInbox::open(disk_.open("inbox"), disk_.open("refused")); }

  std::vector<std::string> in_inbox() {
    auto names = disk_.names_in("inbox");
    std::erase(names, FolderInbox::kClaimed);
    return names;
  }
  std::vector<std::string> claimed() { return disk_.names_in("inbox/.claimed"); }
  std::vector<std::string> in_refused() { return disk_.names_in("refused"); }

  TemporaryFolder disk_;
  std::unique_ptr<FolderInbox> inbox_ =
      *FolderInbox::open(disk_.open("inbox"), disk_.open("refused"));
  InboxSettlement settlement_;

 private:
  std::vector<InboxEvent> events_;
  Mono now_{std::chrono::hours(1)};
};

TEST_F(InboxTest, ReturnsTheIdsAndRemovesTheFilesAtSettle) {
  drop("DSc", "");
  drop("list", "DSa\nDSb\n");
  EXPECT_THAT(ids(scan()), ElementsAre("DSc", "DSa", "DSb"));
  EXPECT_THAT(in_inbox(), IsEmpty());
  EXPECT_THAT(claimed(), ElementsAre("1-DSc", "2-list")) << "not before";
  const auto settlement = settle();
  EXPECT_THAT(claimed(), IsEmpty());
  EXPECT_THAT(in_refused(), IsEmpty());
  EXPECT_FALSE(settlement.waits);
}

TEST_F(InboxTest, ReturnsAllIdsAgainAfterARewind) {
  drop("list", "DSa\nDSb\nDSc\n");
  EXPECT_THAT(ids(scan(2)), ElementsAre("DSa"));
  settle();
  EXPECT_THAT(ids(scan(1)), ElementsAre("DSb"));
  inbox_->rewind();
  EXPECT_THAT(ids(scan()), ElementsAre("DSb", "DSc"));
}

TEST_F(InboxTest, ReadsClaimedFilesFromTheirBeginningAfterARestart) {
  drop("DSname", "");
  drop("list", "DSa\nDSb\n");
  scan(5);
  restart();
  EXPECT_THAT(take_in(), ElementsAre("DSname", "DSa", "DSb"));
  EXPECT_THAT(claimed(), IsEmpty());
}

// curl --retry truncates what it has written, and writes it anew through the same descriptor.
TEST_F(InboxTest, AFileThatIsWrittenAnewIsReadFromItsBeginning) {
  create("today", "DSaaa1\n");
  std::ofstream writer(disk_.path("inbox/today"), std::ios::app);
  scan();
  settle();
  advance(limits::kOpenWriterPatience + 1s);
  EXPECT_THAT(take_in(), ElementsAre("DSaaa1"));
  std::filesystem::resize_file(disk_.path("inbox/.claimed/1-today"), 0);
  writer << "DSbbbbbbbbbb1\nDSccc2\n" << std::flush;
  advance(2s);
  EXPECT_THAT(take_in(), ElementsAre("DSbbbbbbbbbb1", "DSccc2"));
}

// Programs that copy files call stat() or chmod() by the name once they have closed them.
TEST_F(InboxTest, AFileKeepsItsNameForSecondsWhileItIsWritten) {
  create("today", "DSa\n");
  std::optional<std::ofstream> writer(std::in_place, disk_.path("inbox/today"), std::ios::app);
  scan();
  advance(limits::kSubmissionQuiet);
  EXPECT_THAT(take_in(), IsEmpty());
  EXPECT_THAT(in_inbox(), ElementsAre("today"));
  writer.reset();
  advance(limits::kSubmissionQuiet);
  EXPECT_THAT(take_in(), ElementsAre("DSa"));
}

/// Leaves the process without a free descriptor for a while.
class NoDescriptors {
 public:
  NoDescriptors() {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    const int free = ::dup(0);
    ::close(free);
    const rlimit none{static_cast<rlim_t>(free), before_.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &none);
  }
  ~NoDescriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }
  NoDescriptors(const NoDescriptors&) = delete;
  NoDescriptors& operator=(const NoDescriptors&) = delete;

 private:
  rlimit before_{};
};

TEST_F(InboxTest, AShortageAtTheFirstScanForgetsNoClaimedFile) {
  drop("list", "DSa\n");
  scan();
  restart();
  {
    const NoDescriptors shortage;
    const auto failed = try_scan();
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().code, Errc::shortage);
  }
  EXPECT_THAT(take_in(), ElementsAre("DSa"));
}

TEST_F(InboxTest, AShortageLeavesARefusedFileForLater) {
  std::filesystem::create_symlink("nowhere", disk_.path("inbox/link"));
  scan();
  {
    const NoDescriptors shortage;
    EXPECT_TRUE(inbox_->settle());
  }
  EXPECT_THAT(in_inbox(), ElementsAre("link"));
  advance(1min);
  take_in();
  EXPECT_THAT(in_refused(), ElementsAre("link"));
}

TEST_F(InboxTest, ManyFilesDoNotKeepAsManyDescriptors) {
  for (std::size_t i = 0; i < 2 * limits::kClaimedFilesOpen; ++i)
    drop("list" + std::to_string(i), "DS" + std::to_string(i) + "\n");
  const int before = ::dup(0);
  ::close(before);
  std::size_t found = 0;
  for (bool has_more = true; has_more;) {
    const auto part = scan();
    found += ids(part).size();
    has_more = part.has_more;
  }
  EXPECT_EQ(found, 2 * limits::kClaimedFilesOpen);
  const int after = ::dup(0);
  ::close(after);
  EXPECT_LE(after, before + static_cast<int>(limits::kClaimedFilesOpen) + 1);
  settle();
  EXPECT_THAT(claimed(), IsEmpty());
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
  }
  EXPECT_EQ(total, 25U);
  EXPECT_LE(rounds, 4);
  EXPECT_THAT(claimed(), IsEmpty());
}

TEST_F(InboxTest, AFullScanListsAllNamesAlsoWithAnEvent) {
  create("today", "DSa\n");
  drop("list", "DSb\n");
  EXPECT_THAT(take_in(), ElementsAre("DSb"));
  EXPECT_TRUE(settlement_.next_due) << "when today has been quiet";
  EXPECT_EQ(settlement_.files.unclaimed, 1U);
}

TEST_F(InboxTest, AFullScanDuringALongListMakesAnotherList) {
  create("a", "DSa\n");
  create("b", "DSb\n");
  EXPECT_TRUE(scan(1).has_more);
  settle();
  create("c", "DSc\n");
  EXPECT_TRUE(scan(10).has_more) << "c is not in the list";
  EXPECT_EQ(settle().files.unclaimed, 2U);
  scan(10);
  EXPECT_EQ(settle().files.unclaimed, 3U);
}

TEST_F(InboxTest, CountsItsFiles) {
  const auto expect = [this](std::size_t unclaimed, std::size_t claimed) {
    scan();
    const auto files = settle().files;
    EXPECT_EQ(files.unclaimed, unclaimed);
    EXPECT_EQ(files.claimed, claimed);
  };
  expect(0, 0);
  std::filesystem::create_directory(disk_.path("inbox/left_alone"));
  create("young", "DSa\n");
  create(".hidden", "DSa\n");
  expect(2, 0);
  drop("moved_in", "DSb\n");
  std::ofstream writer(disk_.path("inbox/.new"));
  writer << "DSc\n" << std::flush;
  std::filesystem::rename(disk_.path("inbox/.new"), disk_.path("inbox/written"));
  reports(InboxEvent::Kind::moved_in, "written");
  expect(2, 1);
  writer.close();
  advance(limits::kSubmissionQuiet);
  expect(1, 0);
}

TEST_F(InboxTest, IgnoresNamesOfUnfinishedFiles) {
  const char* const names[] = {".list",    "list.tmp", "list.PART",    "list.filepart",
                               "list~",    "#list#",   "list.partial", "list.crdownload",
                               "list.swp", "list.swx"};
  for (const auto* const name : names) drop(name, "DSa\n");
  EXPECT_THAT(take_in(), IsEmpty());
  EXPECT_THAT(settlement_.notices, IsEmpty());
  EXPECT_FALSE(settlement_.waits);
  EXPECT_EQ(in_inbox().size(), std::size(names));
}

TEST_F(InboxTest, LeavesACreatedFileInPlaceUntilItIsQuiet) {
  create("list", "DSa\n");
  EXPECT_THAT(take_in(), IsEmpty());
  EXPECT_TRUE(settlement_.waits);
  EXPECT_EQ(settlement_.next_due, limits::kSubmissionQuiet);
  advance(900ms);
  std::filesystem::permissions(disk_.path("inbox/list"), std::filesystem::perms::owner_all);
  EXPECT_THAT(take_in(), IsEmpty());
  advance(900ms);
  reports(InboxEvent::Kind::changed, "list");  // It was closed.
  EXPECT_THAT(take_in(), IsEmpty());
  advance(1s);
  EXPECT_THAT(take_in(), ElementsAre("DSa"));
}

TEST_F(InboxTest, ClaimsAFileThatIsWrittenAllTheTime) {
  create("list", "DS1\n");
  std::vector<std::string> found;
  for (int i = 0; i < 40 && found.empty(); ++i) {
    found = take_in();
    advance(900ms);
    append("inbox/list", "DS2\n");
  }
  EXPECT_FALSE(found.empty());
}

TEST_F(InboxTest, ReadsLinesAsTheyComeFromASlowWriter) {
  std::ofstream writer(disk_.path("inbox/list"));
  EXPECT_THAT(take_in(), IsEmpty());
  advance(1s);
  EXPECT_THAT(take_in(), IsEmpty()) << "an empty file stays in the inbox";
  EXPECT_THAT(in_inbox(), ElementsAre("list"));
  writer << "DSa\nDSha" << std::flush;
  advance(2s);
  EXPECT_THAT(take_in(), IsEmpty()) << "it has just changed";
  advance(1s);
  EXPECT_THAT(take_in(), IsEmpty()) << "its writer may use its name once more";
  advance(1s);
  EXPECT_THAT(take_in(), ElementsAre("DSa"));
  EXPECT_THAT(claimed(), ElementsAre("1-list"));
  for (int i = 0; i < 10; ++i) {
    advance(1h);
    EXPECT_THAT(take_in(), IsEmpty()) << "a line without an end waits";
  }
  writer << "lf\nDSb" << std::flush;
  EXPECT_THAT(take_in(), ElementsAre("DShalf"));
  writer.close();
  EXPECT_THAT(take_in(), ElementsAre("DSb")) << "nobody can add to it any more";
  EXPECT_THAT(claimed(), IsEmpty());
  EXPECT_FALSE(settlement_.waits);
}

TEST_F(InboxTest, LosesNoLineThatIsAppendedAtAnyStep) {
  drop("today", "DS1\n");
  std::ofstream writer(disk_.path("inbox/today"), std::ios::app);
  EXPECT_THAT(ids(scan()), ElementsAre("DS1"));
  writer << "DS2\n" << std::flush;
  settle();
  create("today", "DS3\n");  // Another process appends by name.
  EXPECT_THAT(take_in(), ElementsAre("DS2"));
  writer << "DS4\n";
  writer.close();
  advance(1s);
  EXPECT_THAT(take_in(), UnorderedElementsAre("DS4", "DS3"));
  EXPECT_THAT(claimed(), IsEmpty());
}

TEST_F(InboxTest, AcceptsAFileOfTheNameOfAnIdWhenItsWriterHasClosed) {
  std::ofstream writer(disk_.path("inbox/DSexport"));
  take_in();
  advance(1s);
  EXPECT_THAT(take_in(), IsEmpty());
  writer.close();
  advance(2s);
  EXPECT_THAT(take_in(), ElementsAre("DSexport"));
  EXPECT_THAT(claimed(), IsEmpty());
}

TEST_F(InboxTest, WaitsUntilALinkIsTheOnlyOne) {
  create(".new", "DSa\n");
  std::filesystem::create_hard_link(disk_.path("inbox/.new"), disk_.path("inbox/list"));
  take_in();
  advance(5s);
  EXPECT_THAT(take_in(), IsEmpty());
  std::filesystem::remove(disk_.path("inbox/.new"));
  EXPECT_THAT(take_in(), IsEmpty());
  advance(1s);
  EXPECT_THAT(take_in(), ElementsAre("DSa"));
}

TEST_F(InboxTest, ANewSubmissionWaitsForNoLongFile) {
  std::string text;
  for (int i = 0; i < 9000; ++i) text += "DS" + std::to_string(i) + "\n";
  drop("long", text);
  scan(100);
  settle();
  drop("DSnew", "");
  EXPECT_THAT(ids(scan(4000)), Contains("DSnew"));
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
  EXPECT_THAT(reason_of_only_refusal(), HasSubstr("empty"));
  EXPECT_THAT(in_refused(), ElementsAre("list"));
}

TEST_F(InboxTest, ReturnsAKickOnceAndAgainAfterARewind) {
  drop("DSa.kick", "");
  auto found = scan();
  EXPECT_THAT(ids(found), IsEmpty());
  ASSERT_EQ(found.kicks.size(), 1U);
  EXPECT_EQ(found.kicks[0].view(), "DSa");
  inbox_->rewind();
  EXPECT_EQ(scan().kicks.size(), 1U);
  EXPECT_THAT(settle().notices, IsEmpty());
  EXPECT_THAT(claimed(), IsEmpty());
  EXPECT_THAT(scan().kicks, IsEmpty());
}

TEST_F(InboxTest, AFileWithLinesIsNoKickWhateverItsName) {
  drop("DSa.kick", "DSb\n");
  const auto found = scan();
  EXPECT_THAT(ids(found), ElementsAre("DSb"));
  EXPECT_THAT(found.kicks, IsEmpty());
}

TEST_F(InboxTest, RefusesAKickOfSomethingThatIsNoId) {
  drop("to day.kick", "");
  EXPECT_THAT(reason_of_only_refusal(), HasSubstr("an id with .kick after it"));
  EXPECT_THAT(in_refused(), ElementsAre("to%20day.kick"));
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
  EXPECT_THAT(take_in(), IsEmpty());
  advance(limits::kUnreadablePatience - 1s);
  EXPECT_THAT(take_in(), IsEmpty());
  EXPECT_THAT(settlement_.notices, IsEmpty());
  advance(1s);
  EXPECT_THAT(reason_of_only_refusal(), HasSubstr("hard links"));
}

TEST_F(InboxTest, RefusesAHugeFileWithoutReadingIt) {
  drop("huge", "DSa");
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
  drop("list", "DSa\n");
  const auto settlement = settle();
  EXPECT_TRUE(settlement.waits);
  EXPECT_THAT(settlement.notices, IsEmpty());
  EXPECT_THAT(in_refused(), IsEmpty());
  EXPECT_THAT(take_in(), ElementsAre("DSa"));
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

/// Drops the privileges of root during its lifetime; has no effect for other users.
class Unprivileged {
 public:
  Unprivileged() { EXPECT_EQ(::geteuid() == 0 ? ::seteuid(65534) : 0, 0); }
  ~Unprivileged() { EXPECT_EQ(::getuid() == 0 ? ::seteuid(0) : 0, 0); }
};

TEST_F(InboxTest, WaitsForAFileToBecomeReadable) {
  for (const auto* const folder : {"inbox", "inbox/.claimed", "refused"})
    ASSERT_EQ(::chmod(disk_.path(folder).c_str(), 0777), 0);
  create("list", "DSa\n");
  ASSERT_EQ(::chmod(disk_.path("inbox/list").c_str(), 0), 0);
  {
    const Unprivileged nobody;
    take_in();
    advance(5min);
    EXPECT_THAT(take_in(), IsEmpty());
    EXPECT_THAT(settlement_.notices, IsEmpty());
  }
  ASSERT_EQ(::chmod(disk_.path("inbox/list").c_str(), 0644), 0);
  reports(InboxEvent::Kind::changed, "list");
  const Unprivileged nobody;
  EXPECT_THAT(take_in(), ElementsAre("DSa"));
}

TEST_F(InboxTest, MovesAnUnreadableFileAway) {
  for (const auto* const folder : {"inbox", "inbox/.claimed", "refused"})
    ASSERT_EQ(::chmod(disk_.path(folder).c_str(), 0777), 0);
  create("list", "DSa\n");
  ASSERT_EQ(::chmod(disk_.path("inbox/list").c_str(), 0), 0);
  {
    const Unprivileged nobody;
    take_in();
    advance(limits::kUnreadablePatience);
    EXPECT_THAT(reason_of_only_refusal(), HasSubstr("chmod"));
  }
  EXPECT_THAT(in_refused(), ElementsAre("list"));
}

TEST_F(InboxTest, AcceptsAnUnreadableEmptyFileOfTheNameOfAnId) {
  for (const auto* const folder : {"inbox", "inbox/.claimed"})
    ASSERT_EQ(::chmod(disk_.path(folder).c_str(), 0777), 0);
  create("DSa", "");
  ASSERT_EQ(::chmod(disk_.path("inbox/DSa").c_str(), 0), 0);
  const auto take_in_as_nobody = [&] {
    const Unprivileged nobody;
    return take_in();
  };
  take_in_as_nobody();
  advance(1s);
  EXPECT_THAT(take_in_as_nobody(), ElementsAre("DSa"));
  EXPECT_THAT(take_in_as_nobody(), IsEmpty());
  EXPECT_THAT(claimed(), ElementsAre("1-DSa")) << "its writer may still write to it";
  advance(limits::kQuietWithoutLeases);
  EXPECT_THAT(take_in_as_nobody(), IsEmpty());
  EXPECT_THAT(claimed(), IsEmpty());
}

TEST_F(InboxTest, WithoutLeasesAnEmptyFileWaitsForItsFirstLine) {
  if (::geteuid() != 0) return;  // Only root can act as a user who gets no lease.
  for (const auto* const folder : {"inbox", "inbox/.claimed"})
    ASSERT_EQ(::chmod(disk_.path(folder).c_str(), 0777), 0);
  create("DSbatch", "");
  create("DSid", "");
  drop("DSrenamed", "");
  for (const auto* const name : {"inbox/DSbatch", "inbox/DSid", "inbox/DSrenamed"})
    ASSERT_EQ(::chmod(disk_.path(name).c_str(), 0644), 0);
  const auto take_in_as_nobody = [&] {
    const Unprivileged nobody;
    return take_in();
  };
  EXPECT_THAT(take_in_as_nobody(), ElementsAre("DSrenamed"));
  advance(1s);
  EXPECT_THAT(take_in_as_nobody(), IsEmpty());
  append("inbox/DSbatch", "DSa\n");
  EXPECT_THAT(take_in_as_nobody(), IsEmpty());
  advance(1s);
  EXPECT_THAT(take_in_as_nobody(), ElementsAre("DSa"));
  advance(limits::kQuietWithoutLeases);
  EXPECT_THAT(take_in_as_nobody(), ElementsAre("DSid"));
}

TEST_F(InboxTest, LeavesANameThatCannotBeRenamedAndReportsItOnce) {
  create("list", "DSa\n");
  take_in();
  advance(1s);
  ASSERT_EQ(::chmod(disk_.path("inbox").c_str(), 0555), 0);
  {
    const Unprivileged nobody;
    EXPECT_THAT(reason_of_only_refusal(), HasSubstr("Permission denied"));
    take_in();
    EXPECT_THAT(settlement_.notices, IsEmpty());
    EXPECT_FALSE(settlement_.waits);
    advance(limits::kUnreadablePatience);
    take_in();
    EXPECT_THAT(settlement_.notices, IsEmpty()) << "tried again, not logged again";
  }
  ASSERT_EQ(::chmod(disk_.path("inbox").c_str(), 0755), 0);
  EXPECT_THAT(take_in(), IsEmpty());
  advance(limits::kUnreadablePatience);
  EXPECT_THAT(take_in(), ElementsAre("DSa")) << "the cause has passed";
}

}  // namespace
}  // namespace attestrd::test
