// Tests the spool on folders that fail, or that are not as they should be.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "base/check.h"
#include "io/changed_folder.h"
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

const HandshakeId kId = id_of("DSa");

template <class T>
Result<void> without_value(const Result<T>& result) {
  if (!result) return result.error();
  return {};
}

class SpoolFaultsTest : public ::testing::Test {
 protected:
  void open() {
    auto spool = FolderSpool::open(root_);
    ASSERT_TRUE(spool) << spool.error().message;
    spool_ = std::move(*spool);
  }

  Error error_of_open() {
    const auto spool = FolderSpool::open(root_);
    EXPECT_FALSE(spool);
    return spool ? Error{} : spool.error();
  }

  /// Fails each call that `act` makes of a folder, one per run, each time in the state that
  /// `prepare` makes. Expects an error that excludes a retry.
  void each_failure_is_told(const std::function<void()>& prepare,
                            const std::function<Result<void>()>& act) {
    for (int call = 1;; ++call) {
      prepare();
      changes_.fails_in = call;
      const auto acted = act();
      const bool is_past_the_end = changes_.fails_in > 0;
      changes_.fails_in = 0;
      if (is_past_the_end) {
        EXPECT_TRUE(acted) << acted.error().message;
        EXPECT_GT(call, 1);
        return;
      }
      // A name that can't be inspected is in use: another one is free.
      if (acted && changes_.failed == "inspect") continue;
      ASSERT_FALSE(acted) << "call " << call << ": " << changes_.failed;
      EXPECT_EQ(acted.error().code, Errc::io_failure) << acted.error().message;
    }
  }

  void write_once(const std::string& name, const std::string& text) {
    std::filesystem::remove(disk_.path(name));
    disk_.write(name, text);
  }

  TemporaryFolder disk_;
  Changes changes_;
  ChangedFolder root_{disk_.open(), changes_};
  std::unique_ptr<FolderSpool> spool_;
};

TEST_F(SpoolFaultsTest, EachFailureOfOpeningIsReported) {
  each_failure_is_told([] {}, [this] { return without_value(FolderSpool::open(root_)); });
  each_failure_is_told([] {}, [this] { return without_value(open_refused(root_)); });
}

TEST_F(SpoolFaultsTest, EachFailureOfStagingIsReported) {
  open();
  for (const auto how : {RecordSync::one_by_one, RecordSync::together}) {
    const auto stage = [&] { return without_value(spool_->stage(kId, "new", how)); };
    each_failure_is_told([this] { write_once("staging/DSa.json", "left"); }, stage);
    EXPECT_EQ(disk_.read("staging/DSa.json"), "new");
    each_failure_is_told(
        [this] {
          std::filesystem::remove(disk_.path("staging/DSa.json"));
          std::filesystem::create_directory(disk_.path("staging/DSa.json"));
        },
        stage);
    EXPECT_EQ(disk_.read("staging/DSa.json"), "new");
    each_failure_is_told([] {}, [&] { return spool_->sync_staging(how, {}); });
  }
  each_failure_is_told([this] { std::filesystem::remove(disk_.path("staging/DSa.json")); },
                       [this] { return spool_->stage_ahead(kId, "early"); });
  EXPECT_EQ(spool_->stage_ahead(kId, "late").error().code, Errc::already_exists);
  EXPECT_EQ(disk_.read("staging/DSa.json"), "early");
  each_failure_is_told([] {}, [this] { return without_value(spool_->staged()); });
  each_failure_is_told([] {}, [this] { return without_value(spool_->fingerprint(kId)); });
  each_failure_is_told([this] { write_once("staging/DSa.json", "left"); },
                       [this] { return spool_->drop(kId); });
  EXPECT_THAT(disk_.names_in("staging"), IsEmpty());
  each_failure_is_told([this] { std::filesystem::remove(disk_.path("staging/.used")); },
                       [this] { return spool_->claim_staging({}); });
  const std::vector<StagedHandshake> on_their_way{{kId, {}, {}, {}, {}}};
  EXPECT_TRUE(spool_->claim_staging(on_their_way));
}

TEST_F(SpoolFaultsTest, EachFailureOfAPublicationIsReported) {
  open();
  const auto publish = [this] { return without_value(spool_->publish(kId, Outcome::completed)); };
  const auto put = [this](const std::string& theirs) {
    return [this, theirs] {
      write_once("staging/DSa.json", "ours");
      write_once("results/DSa.json", theirs);
    };
  };
  each_failure_is_told(put("ours"), publish);
  EXPECT_THAT(disk_.names_in("staging"), IsEmpty());
  each_failure_is_told(put("theirs"), publish);
  EXPECT_EQ(disk_.read("results/DSa.json"), "theirs");
  EXPECT_EQ(disk_.read("rejected/DSa.json"), "ours");
  each_failure_is_told(
      [this] {
        write_once("staging/DSb.json", "b");
        std::filesystem::remove(disk_.path("failed/DSb.json"));
        ASSERT_TRUE(spool_->publish(id_of("DSb"), Outcome::failed));
      },
      [this] { return spool_->sync_moves({}); });
  each_failure_is_told([this] { write_once("staging/core", "?"); },
                       [this] { return without_value(spool_->quarantine("core", "why")); });
  EXPECT_EQ(disk_.read("rejected/core"), "?");
}

TEST_F(SpoolFaultsTest, AFolderOfAnotherUserIsRefused) {
  for (const auto* const name : {"staging", "rejected", "refused"}) {
    changes_.on_inspect = [name](std::string_view asked, FileInfo& info) {
      if (asked == name) info.is_ours = false;
    };
    const auto error =
        std::string_view(name) == "refused" ? open_refused(root_).error() : error_of_open();
    EXPECT_EQ(error.code, Errc::unsafe_file);
    EXPECT_THAT(error.message, HasSubstr(disk_.path(name).string() + " belongs to another user"));
  }
}

TEST_F(SpoolFaultsTest, AFolderOnAnotherMountIsRefused) {
  const std::function<void(FileInfo&)> differences[] = {[](FileInfo& info) { ++info.device; },
                                                        [](FileInfo& info) { ++info.mount; }};
  for (const auto& differ : differences) {
    changes_.on_inspect = [&](std::string_view asked, FileInfo& info) {
      if (asked == "failed") differ(info);
    };
    EXPECT_EQ(error_of_open().code, Errc::io_failure);
    EXPECT_THAT(error_of_open().message, HasSubstr("failed is not on the same mount"));
  }
}

TEST_F(SpoolFaultsTest, ARenameToAnotherMountIsReportedAndMovesNothing) {
  open();
  disk_.write("staging/DSa.json", "a");
  changes_.other_mount = "/results";
  const auto published = spool_->publish(kId, Outcome::completed);
  ASSERT_FALSE(published);
  EXPECT_THAT(published.error().message, HasSubstr("results is not on the same mount"));
  changes_.other_mount = "/rejected";
  const auto quarantined = spool_->quarantine("DSa.json", "why");
  ASSERT_FALSE(quarantined);
  EXPECT_THAT(quarantined.error().message, HasSubstr("rejected is not on the same mount"));
  EXPECT_THAT(disk_.names_in("staging"), ElementsAre("DSa.json"));
}

TEST_F(SpoolFaultsTest, ARecordIsPublishedIfAConsumerRemovesTheConflictingOne) {
  open();
  disk_.write("staging/DSa.json", "ours");
  disk_.write("results/DSa.json", "theirs");
  changes_.before = [this](std::string_view call, const std::string&) {
    if (call == "open") std::filesystem::remove(disk_.path("results/DSa.json"));
  };
  EXPECT_FALSE(*spool_->publish(kId, Outcome::completed)) << "no conflict";
  EXPECT_EQ(disk_.read("results/DSa.json"), "ours");
  EXPECT_THAT(disk_.names_in("rejected"), IsEmpty());
}

TEST_F(SpoolFaultsTest, UsesAnotherNameIfTheFreeOneIsTakenMeanwhile) {
  open();
  disk_.write("staging/core", "?");
  changes_.before = [this](std::string_view call, const std::string&) {
    if (call == "move" && disk_.names_in("rejected").empty())
      disk_.write("rejected/core", "theirs");
  };
  ASSERT_TRUE(spool_->quarantine("core", "why"));
  EXPECT_EQ(disk_.read("rejected/core"), "theirs");
  EXPECT_EQ(disk_.names_in("rejected").size(), 2U);
  EXPECT_THAT(disk_.names_in("staging"), IsEmpty());
}

TEST_F(SpoolFaultsTest, AMountOnTheNameIsAConflictAndIsNotRead) {
  open();
  disk_.write("staging/DSa.json", "ours");
  disk_.write("results/DSa.json", "ours");
  changes_.mounted = "DSa.json";
  changes_.before = [](std::string_view call, const std::string& path) {
    EXPECT_FALSE((call == "open" || call == "inspect") && path.ends_with("/results"));
  };
  const auto diverted = *spool_->publish(kId, Outcome::completed);
  ASSERT_TRUE(diverted);
  EXPECT_EQ(diverted->file, "rejected/DSa.2.json") << "that name is mounted on as well";
  EXPECT_EQ(disk_.read(diverted->file), "ours");
}

TEST_F(SpoolFaultsTest, AnUnreadableFileUnderTheNameIsAConflict) {
  open();
  disk_.write("staging/DSa.json", "ours");
  disk_.write("results/DSa.json", "ours");
  changes_.refuses_to_open = "results";
  EXPECT_TRUE(*spool_->publish(kId, Outcome::completed));
  EXPECT_EQ(disk_.read("rejected/DSa.json"), "ours");
}

}  // namespace
}  // namespace attestrd::test
