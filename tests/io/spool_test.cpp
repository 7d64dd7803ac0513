#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <string>
#include <vector>

#include "base/check.h"
#include "io/temporary_folder.h"
#include "spool/folder_spool.h"

namespace attestrd::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

HandshakeId id_of(std::string_view text) {
  const auto id = HandshakeId::parse(text);
  ATTESTRD_CHECK(id.has_value());
  return *id;
}

class SpoolTest : public ::testing::Test {
 protected:
  void open() {
    auto spool = FolderSpool::open(*root_);
    ASSERT_TRUE(spool) << spool.error().message;
    spool_ = std::move(*spool);
  }

  Error error_of_open() {
    const auto spool = FolderSpool::open(*root_);
    EXPECT_FALSE(spool);
    return spool ? Error{} : spool.error();
  }

  void stage(std::string_view id, std::string_view record) {
    ASSERT_TRUE(spool_->stage(id_of(id), record, RecordSync::one_by_one));
    ASSERT_TRUE(spool_->sync_staging(RecordSync::one_by_one, {}));
  }

  TemporaryFolder disk_;
  std::unique_ptr<Directory> root_ = disk_.open();
  std::unique_ptr<FolderSpool> spool_;
};

TEST_F(SpoolTest, MakesItsFolders) {
  open();
  ASSERT_TRUE(open_refused(*root_));
  EXPECT_THAT(disk_.names_in(""),
              ElementsAre("archived", "failed", "refused", "rejected", "results", "staging"));
  struct stat status;
  ASSERT_EQ(::stat(disk_.path("results").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07027U, 0U) << "never more than 0750";
  open();
}

TEST_F(SpoolTest, PublishesARecordByItsOutcome) {
  open();
  stage("DSa", "a");
  stage("DSb", "b");
  EXPECT_FALSE(*spool_->publish(id_of("DSa"), Outcome::completed));
  EXPECT_FALSE(*spool_->publish(id_of("DSb"), Outcome::archived));
  ASSERT_TRUE(spool_->sync_moves({}));
  EXPECT_EQ(disk_.read("results/DSa.json"), "a");
  EXPECT_EQ(disk_.read("archived/DSb.json"), "b");
  EXPECT_THAT(disk_.names_in("staging"), IsEmpty());
}

TEST_F(SpoolTest, TreatsAnEqualRecordUnderTheNameAsPublished) {
  open();
  disk_.write("results/DSa.json", "a");
  stage("DSa", "a");
  EXPECT_FALSE(*spool_->publish(id_of("DSa"), Outcome::completed));
  EXPECT_THAT(disk_.names_in("staging"), IsEmpty());
  EXPECT_THAT(disk_.names_in("rejected"), IsEmpty());
}

TEST_F(SpoolTest, QuarantinesARecordWhoseNameHasOtherBytes) {
  open();
  disk_.write("results/DSa.json", "theirs");
  disk_.write("rejected/DSa.json", "older");
  stage("DSa", "ours");
  const auto diverted = *spool_->publish(id_of("DSa"), Outcome::completed);
  ASSERT_TRUE(diverted);
  EXPECT_EQ(diverted->file, "rejected/DSa.2.json");
  ASSERT_TRUE(diverted->notice);
  EXPECT_EQ(diverted->notice->event, Event::spool_conflict);
  EXPECT_EQ(diverted->notice->level, Level::error);
  EXPECT_EQ(diverted->notice->file, "results/DSa.json");
  EXPECT_EQ(disk_.read("results/DSa.json"), "theirs");
  EXPECT_EQ(disk_.read("rejected/DSa.json"), "older");
  EXPECT_EQ(disk_.read("rejected/DSa.2.json"), "ours");
}

TEST_F(SpoolTest, FindsARecordThatWasDiverted) {
  open();
  disk_.write("rejected/DSa.json", "like");
  disk_.write("rejected/DSa.2.json", "of another length");
  disk_.write("rejected/DSa.3.json", "ours");
  const auto find = [this](Outcome outcome, std::string_view record) {
    const auto found =
        *spool_->find_diverted({id_of("DSa"), outcome, Reason::none, {}, fingerprint_of(record)});
    return found ? found->file : "";
  };
  EXPECT_EQ(find(Outcome::completed, "ours"), "rejected/DSa.3.json");
  EXPECT_EQ(find(Outcome::completed, "like"), "rejected/DSa.json");
  EXPECT_EQ(find(Outcome::rejected, "like"), "") << "it has its own name";
  EXPECT_EQ(find(Outcome::completed, "none"), "");
}

TEST_F(SpoolTest, ARecordBesideThoseOfEarlierAttemptsGetsANumber) {
  open();
  disk_.write("failed/DSa.json", "first");
  disk_.write("failed/DSa.2.json", "second");
  stage("DSa", "third");
  const auto place = *spool_->publish(id_of("DSa"), Outcome::failed, 2);
  ASSERT_TRUE(place);
  EXPECT_EQ(place->file, "failed/DSa.3.json");
  EXPECT_FALSE(place->notice) << "no conflict";
  EXPECT_EQ(disk_.read("failed/DSa.3.json"), "third");
  stage("DSa", "third");
  EXPECT_EQ((*spool_->publish(id_of("DSa"), Outcome::failed, 2))->file, "failed/DSa.3.json")
      << "it was published before a power cut";
  EXPECT_THAT(disk_.names_in("staging"), IsEmpty());
  EXPECT_EQ(disk_.names_in("failed").size(), 3U);
  stage("DSa", "ours");
  EXPECT_EQ((*spool_->publish(id_of("DSa"), Outcome::failed, 1))->file, "rejected/DSa.json")
      << "so many names are not its own";
  std::filesystem::remove(disk_.path("failed/DSa.2.json"));
  stage("DSa", "fourth");
  EXPECT_EQ((*spool_->publish(id_of("DSa"), Outcome::failed, 3))->file, "failed/DSa.2.json");
  const auto find = [this](std::string_view record, std::uint32_t attempt) {
    const auto found = *spool_->find_diverted(
        {id_of("DSa"), Outcome::failed, Reason::none, {}, fingerprint_of(record), {}, attempt});
    return found ? found->file : "";
  };
  EXPECT_EQ(find("third", 2), "failed/DSa.3.json");
  EXPECT_EQ(find("third", 1), "");
  EXPECT_EQ(find("first", 2), "") << "it has its name";
  EXPECT_EQ(find("ours", 1), "rejected/DSa.json");
}

TEST_F(SpoolTest, RemovesARejectedRecordIfItCan) {
  open();
  disk_.write("rejected/DSa.json", "a");
  disk_.write("rejected/DSb.json/file", "somebody's");
  for (const auto* const name : {"DSa.json", "DSa.json", "DSb.json"}) spool_->remove_rejected(name);
  ASSERT_TRUE(spool_->sync_moves({}));
  EXPECT_THAT(disk_.names_in("rejected"), ElementsAre("DSb.json"));
}

TEST_F(SpoolTest, NamesWithGapsLeadToAFreeName) {
  open();
  disk_.write("results/DSa.json", "theirs");
  disk_.write("rejected/DSa.json", "theirs");
  for (unsigned bit = 1; bit < 32; ++bit)
    disk_.write("rejected/DSa." + std::to_string(1U << bit) + ".json", "theirs");
  stage("DSa", "ours");
  const auto diverted = *spool_->publish(id_of("DSa"), Outcome::completed);
  ASSERT_TRUE(diverted);
  EXPECT_EQ(diverted->file, "rejected/DSa.3.json");
  EXPECT_EQ(disk_.read(diverted->file), "ours");
}

TEST_F(SpoolTest, StagingIsOursAlone) {
  std::filesystem::create_directory(disk_.path("staging"));
  std::filesystem::permissions(disk_.path("staging"), std::filesystem::perms(0750));
  open();
  struct stat status;
  ASSERT_EQ(::stat(disk_.path("staging").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 0700U);
}

TEST_F(SpoolTest, NeverFollowsALinkUnderTheName) {
  open();
  disk_.write("elsewhere", "ours");
  std::filesystem::create_symlink(disk_.path("elsewhere"), disk_.path("results/DSa.json"));
  stage("DSa", "ours");
  EXPECT_TRUE(*spool_->publish(id_of("DSa"), Outcome::completed));
  EXPECT_EQ(disk_.read("rejected/DSa.json"), "ours");
}

TEST_F(SpoolTest, ReadsNoMoreThanItsOwnBytesUnderTheName) {
  open();
  disk_.write("results/DSa.json", "");
  std::filesystem::resize_file(disk_.path("results/DSa.json"), std::uintmax_t{1} << 30);
  struct rusage before;
  struct rusage after;
  ::getrusage(RUSAGE_SELF, &before);
  stage("DSa", "ours");
  EXPECT_TRUE(*spool_->publish(id_of("DSa"), Outcome::completed));
  ::getrusage(RUSAGE_SELF, &after);
  EXPECT_LT(after.ru_maxrss - before.ru_maxrss, 100'000) << "KiB";
  EXPECT_EQ(disk_.read("rejected/DSa.json"), "ours");
}

TEST_F(SpoolTest, AFileUnderALeaseIsAConflict) {
  open();
  disk_.write("results/DSa.json", "ours");
  std::signal(SIGIO, SIG_IGN);  // Breaking the lease raises it; it would kill the process.
  const int leased = ::open(disk_.path("results/DSa.json").c_str(), O_WRONLY | O_CLOEXEC);
  ASSERT_EQ(::fcntl(leased, F_SETLEASE, F_WRLCK), 0);
  stage("DSa", "ours");
  const auto notice = spool_->publish(id_of("DSa"), Outcome::completed);
  ::close(leased);
  std::signal(SIGIO, SIG_DFL);
  ASSERT_TRUE(notice);
  EXPECT_TRUE(*notice);
  EXPECT_EQ(disk_.read("rejected/DSa.json"), "ours");
}

TEST_F(SpoolTest, AFolderUnderTheNameOfARecordIsQuarantined) {
  open();
  disk_.write("staging/DSa.json/file", "somebody's");
  EXPECT_EQ(spool_->drop(id_of("DSa")).error().code, Errc::unsafe_file);
  const auto notice = spool_->stage(id_of("DSa"), "ours", RecordSync::one_by_one);
  ASSERT_TRUE(notice && *notice);
  EXPECT_EQ((*notice)->event, Event::spool_quarantined);
  EXPECT_EQ((*notice)->file, "rejected/DSa.json");
  EXPECT_EQ(disk_.read("staging/DSa.json"), "ours");
  EXPECT_EQ(disk_.read("rejected/DSa.json/file"), "somebody's");
}

TEST_F(SpoolTest, RefusesANewStagingFolderWhileRowsAreStaged) {
  open();
  std::vector<StagedHandshake> rows;
  for (int i = 10; i < 12; ++i)
    rows.push_back({id_of("DS" + std::to_string(i)), Outcome::completed, {}, {}, {}});
  const auto claimed = spool_->claim_staging(rows);
  ASSERT_FALSE(claimed);
  EXPECT_EQ(claimed.error().code, Errc::io_failure);
  EXPECT_THAT(claimed.error().message, HasSubstr(disk_.path("staging").string()));
  EXPECT_THAT(claimed.error().message, HasSubstr("2 records are on their way"));
  EXPECT_THAT(claimed.error().message, HasSubstr("another: DS10, DS11; "));
  for (int i = 12; i < 33; ++i)
    rows.push_back({id_of("DS" + std::to_string(i)), Outcome::completed, {}, {}, {}});
  const auto many = spool_->claim_staging(rows).error().message;
  EXPECT_THAT(many, HasSubstr("DS28, DS29 and 3 more; ")) << "the message is bounded";
  EXPECT_THAT(disk_.names_in("staging"), IsEmpty()) << "the next start refuses it too";
  ASSERT_TRUE(spool_->claim_staging({}));
  EXPECT_TRUE(spool_->claim_staging(rows)) << "now it is known";
  EXPECT_THAT(spool_->staged()->strangers, IsEmpty());
}

TEST_F(SpoolTest, DetectsAReplacedFolder) {
  open();
  EXPECT_TRUE(spool_->check_place());
  for (const auto* const name : {"staging", "results", "archived", "failed", "rejected"}) {
    std::filesystem::rename(disk_.path(name), disk_.path("aside"));
    std::filesystem::create_directory(disk_.path(name));
    const auto there = spool_->check_place();
    ASSERT_FALSE(there) << name;
    EXPECT_EQ(there.error().code, Errc::io_failure);
    EXPECT_THAT(there.error().message, HasSubstr(disk_.path(name).string()));
    std::filesystem::remove(disk_.path(name));
    std::filesystem::rename(disk_.path("aside"), disk_.path(name));
  }
}

TEST_F(SpoolTest, StagingReplacesALeftoverRecord) {
  open();
  disk_.write("staging/DSa.json", "left");
  stage("DSa", "new");
  EXPECT_EQ(disk_.read("staging/DSa.json"), "new");
  ASSERT_TRUE(spool_->drop(id_of("DSa")));
  ASSERT_TRUE(spool_->drop(id_of("DSa"))) << "it may be gone already";
}

TEST_F(SpoolTest, ListsRecordsAndOtherFilesInStaging) {
  open();
  for (const auto* const name : {"a-b.json", "a.json", "core", ".json", "a b.json"})
    disk_.write(std::string("staging/") + name, "record");
  const auto staged = *spool_->staged();
  EXPECT_THAT(staged.records, ElementsAre(id_of("a"), id_of("a-b")));
  EXPECT_THAT(staged.strangers, ElementsAre(".json", "a b.json", "core"));
  EXPECT_EQ(*spool_->fingerprint(id_of("a")), fingerprint_of("record"));
  EXPECT_EQ(*spool_->fingerprint(id_of("none")), std::nullopt);
  ASSERT_TRUE(spool_->quarantine("a b.json", "why"));
  EXPECT_THAT(disk_.names_in("rejected"), ElementsAre("a%20b.json"));
}

TEST_F(SpoolTest, FindsARecordInTheFolderOfItsOutcome) {
  open();
  disk_.write("results/DSa.json", "record");
  EXPECT_EQ(*spool_->published(id_of("DSa"), Outcome::completed), "record");
  EXPECT_EQ(*spool_->published(id_of("DSa"), Outcome::failed), std::nullopt);
  disk_.write("results/no id.json", "record");
  disk_.write("results/DSb", "record");
  EXPECT_THAT(*spool_->published(Outcome::completed), ElementsAre(id_of("DSa")));
  std::filesystem::create_directory(disk_.path("failed/DSa.json"));
  EXPECT_EQ(spool_->published(id_of("DSa"), Outcome::failed).error().code, Errc::unsafe_file);
}

TEST_F(SpoolTest, RefusesFoldersThatAreNotItsOwn) {
  std::filesystem::create_directory_symlink("/tmp", disk_.path("results"));
  EXPECT_EQ(error_of_open().code, Errc::unsafe_file);
  EXPECT_THAT(error_of_open().message, HasSubstr("results"));
  std::filesystem::remove(disk_.path("results"));
  disk_.write("results", "a file");
  EXPECT_EQ(error_of_open().code, Errc::unsafe_file);
  std::filesystem::remove(disk_.path("results"));
  std::filesystem::create_directory(disk_.path("results"));
  ASSERT_EQ(::chmod(disk_.path("results").c_str(), 0777), 0);
  EXPECT_THAT(error_of_open().message, HasSubstr("written by anybody"));
}

}  // namespace
}  // namespace attestrd::test
