#include "ledger/backup.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "base/check.h"
#include "contract/memory_files.h"
#include "spool/folder_spool.h"
#include "spool/record.h"

namespace attestrd::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const Wall kSubmitted{std::chrono::seconds(1'700'000'000)};

HandshakeId id_of(std::string_view text) {
  const auto id = HandshakeId::parse(text);
  ATTESTRD_CHECK(id.has_value());
  return *id;
}

std::string record_of(std::string_view id, Outcome outcome = Outcome::completed) {
  const Finish finish{id_of(id), outcome, Reason::none, 4, {}, kSubmitted, {}, "", "7", ""};
  return write_record(finish, "7", kSubmitted);
}

/// The contents of a copy in memory, which outlive the copy.
struct Copied {
  int slices = 2;
  std::vector<std::string> ended;
  std::vector<std::string> waiting;
  std::uint64_t number = 0;
  std::uint32_t attempt = 0;  ///< Of all that have ended.
  int steps_to_failure = -1;

  bool step() { return steps_to_failure-- == 0; }
};

class MemoryCopy final : public QueueCopy {
 public:
  explicit MemoryCopy(Copied& copied) : copied_(copied) {}

  Result<bool> copy_slice() override {
    if (copied_.step()) return fail(Errc::io_failure, "copy");
    return --copied_.slices == 0;
  }

  Result<std::vector<Tombstone>> ended_after(std::string_view id, std::size_t) override {
    if (copied_.step()) return fail(Errc::io_failure, "ended");
    for (const auto& each : copied_.ended)
      if (each > id)
        return std::vector{
            Tombstone{id_of(each), Outcome::completed, kSubmitted, "", copied_.attempt}};
    return std::vector<Tombstone>();
  }

  Result<void> add_waiting(const QueuedHandshake& row) override {
    if (copied_.step()) return fail(Errc::io_failure, "add");
    EXPECT_EQ(row.submitted_at, kSubmitted);
    copied_.waiting.push_back(std::string(row.id.view()) + ' ' + row.tag);
    return {};
  }

  Result<std::uint64_t> finish(std::uint64_t number) override {
    if (copied_.step()) return fail(Errc::io_failure, "finish");
    copied_.number = number;
    return 4096U;
  }

  Result<std::size_t> read(std::uint64_t, std::span<char> room) override { return room.size(); }

 private:
  Copied& copied_;
};

class BackupTest : public ::testing::Test {
 protected:
  void given_ended(const std::string& id, const std::string& file) {
    copied_.ended.push_back(id);
    root_.folder("results").names[id + ".json"] = file;
  }

  /// Runs a backup to its end, or to its error.
  Result<std::uint64_t> back_up() {
    MemoryDirectory root(root_);
    const auto spool = *FolderSpool::open(root);
    Backup backup(std::make_unique<MemoryCopy>(copied_), *spool, root);
    for (;;) {
      const auto size = backup.step();
      if (!size) return size.error();
      ++steps_;
      if (*size) return **size;
    }
  }

  Faults faults_;
  MemoryFolder root_{faults_};
  Copied copied_;
  int steps_ = 0;
};

TEST_F(BackupTest, NotesTheRecordsThatAreStillThere) {
  given_ended("DSa", record_of("DSa"));
  copied_.ended.emplace_back("DSb");
  given_ended("DSc", record_of("DSc"));
  const auto size = back_up();
  ASSERT_TRUE(size);
  EXPECT_EQ(*size, 4096U);
  EXPECT_THAT(copied_.waiting, ElementsAre("DSa 7", "DSc 7"));
  EXPECT_EQ(copied_.number, 1U);
  EXPECT_TRUE(root_.names.contains(".backup-1"));
  EXPECT_EQ(steps_, 5) << "each slice is a step";
}

TEST_F(BackupTest, DoesNotNoteWhatIsNoRecord) {
  given_ended("DSa", "junk");
  given_ended("DSb", record_of("DSother"));
  given_ended("DSc", R"({"schema":"attestrd.result/1","id":"DSc","outcome":"completed",)"
                     R"("signature":{"status":"absent"}})");
  ASSERT_TRUE(back_up());
  EXPECT_THAT(copied_.waiting, IsEmpty());
}

TEST_F(BackupTest, NotesTheRecordOfALaterAttempt) {
  copied_.attempt = 1;
  copied_.ended.emplace_back("DSa");
  root_.folder("results").names["DSa.2.json"] = record_of("DSa");
  given_ended("DSb", record_of("DSb"));  // The consumer has taken the later one.
  ASSERT_TRUE(back_up());
  EXPECT_THAT(copied_.waiting, ElementsAre("DSa 7", "DSb 7"));
}

TEST_F(BackupTest, DoesNotReadTheFileOfAnotherUser) {
  given_ended("DSa", record_of("DSa"));
  root_.folder("results").foreign.insert("DSa.json");
  ASSERT_TRUE(back_up());
  EXPECT_THAT(copied_.waiting, IsEmpty());
}

TEST_F(BackupTest, TheMarkIsMadeOnceTheRowsAreCopied) {
  copied_.steps_to_failure = 1;  // The second slice.
  EXPECT_FALSE(back_up());
  EXPECT_THAT(root_.names, IsEmpty());
  copied_.steps_to_failure = 2;  // After it.
  EXPECT_FALSE(back_up());
}

TEST_F(BackupTest, EachFailureIsReported) {
  for (int step = 0;; ++step) {
    copied_ = {};
    copied_.steps_to_failure = step;
    given_ended("DSa", record_of("DSa"));
    const auto size = back_up();
    if (copied_.steps_to_failure >= 0) {
      EXPECT_TRUE(size);
      EXPECT_EQ(step, 6);
      break;
    }
    EXPECT_FALSE(size);
  }
  root_.is_full = true;
  copied_ = {};
  EXPECT_FALSE(back_up());
}

}  // namespace
}  // namespace attestrd::test
