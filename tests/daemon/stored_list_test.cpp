#include "daemon/cli/stored_list.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "base/time.h"
#include "crypto/fingerprint.h"
#include "daemon/cli/pending_ids.h"
#include "files/posix_lock.h"
#include "queue/sqlite_queue.h"
#include "runtime/system_clock.h"
#include "temporary_folder.h"

namespace attestrd {
namespace {

using namespace std::chrono_literals;

class StoredListTest : public testing::Test {
 protected:
  StoredListTest() { config_.paths.queue = folder_.path() / "queue.db"; }

  /// Accepts ids so long ago, and then makes the changes.
  void write(const std::vector<std::string>& ids, Duration ago, std::vector<RowChange> changes = {},
             const std::string& tag = "") {
    auto queue = SqliteQueue::open(config_.paths.queue.string());
    ASSERT_TRUE(queue) << queue.error().message;
    QueueBatch batch;
    for (const auto& id : ids) batch.submissions.push_back({id_of(id), tag, {}});
    ASSERT_TRUE((*queue)->write(batch, read_clocks().wall - ago));
    batch.submissions.clear();
    batch.changes = std::move(changes);
    ASSERT_TRUE((*queue)->write(batch, read_clocks().wall));
  }

  static HandshakeId id_of(const std::string& id) { return *HandshakeId::parse(id); }

  std::vector<std::string> ids(const ListFilter& filter = {}) {
    std::vector<std::string> all;
    const auto done =
        read_stored_list(config_, filter, [&all](std::string_view part) -> Result<bool> {
          const auto more = ids_in_list(part);
          all.insert(all.end(), more->begin(), more->end());
          return true;
        });
    EXPECT_TRUE(done) << done.error().message;
    return all;
  }

  TemporaryFolder folder_;
  Config config_;
};

TEST_F(StoredListTest, SelectsByStateTagAndAge) {
  write({"DS1", "DS2", "DS3"}, 2h,
        {SetHeld{id_of("DS2"), true}, Stage{{id_of("DS3"), Outcome::failed, Reason::expired, Wall(),
                                             fingerprint_of("record")}}});
  write({"DS4"}, 0h, {}, "7");
  EXPECT_EQ(ids(), (std::vector<std::string>{"DS1", "DS2", "DS3", "DS4"}));
  EXPECT_EQ(ids({.state = ListedState::waiting}), (std::vector<std::string>{"DS1", "DS4"}));
  EXPECT_EQ(ids({.state = ListedState::held}), std::vector<std::string>{"DS2"});
  EXPECT_EQ(ids({.state = ListedState::ending}), std::vector<std::string>{"DS3"});
  EXPECT_EQ(ids({.tag = "7"}), std::vector<std::string>{"DS4"});
  EXPECT_EQ(ids({.older_than = 1h}), (std::vector<std::string>{"DS1", "DS2", "DS3"}));
}

TEST_F(StoredListTest, CountsAgesOfWhatIsPending) {
  write({"DS1", "DS2", "DS3"}, 2h,
        {SetHeld{id_of("DS2"), true}, Stage{{id_of("DS3"), Outcome::failed, Reason::expired, Wall(),
                                             fingerprint_of("record")}}});
  write({"DS4"}, 0h);
  const auto table = count_stored_ages(config_);
  ASSERT_TRUE(table);
  EXPECT_EQ(table->rows.at(AgeTable::bucket_of(0h)).now, 1U);
  const auto& older = table->rows.at(AgeTable::bucket_of(2h));
  EXPECT_EQ(older.total(), 2U);
  EXPECT_EQ(older.held, 1U);
}

TEST_F(StoredListTest, ALongListIsCompleteAndItsReaderKeepsNoDaemonFromStarting) {
  std::vector<std::string> all;
  for (int i = 0; i < 40'000; ++i) all.push_back("DS" + std::to_string(i));
  write(all, 1min);
  std::ranges::sort(all);
  EXPECT_EQ(ids(), all);
  const auto lock_file = config_.paths.queue.string() + ".lock";
  ASSERT_TRUE(FileLock::acquire(lock_file));  // The file of the lock is there from now on.
  int parts = 0;
  std::optional<FileLock> daemon;
  const auto done = read_stored_list(config_, {}, [&](std::string_view) -> Result<bool> {
    ++parts;
    auto lock = FileLock::acquire(lock_file);
    EXPECT_TRUE(lock);
    if (lock) daemon.emplace(std::move(*lock));
    return true;
  });
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, Errc::unavailable);
  EXPECT_EQ(done.error().message, "a daemon has started meanwhile: repeat the command to ask it");
  EXPECT_EQ(parts, 1);
}

}  // namespace
}  // namespace attestrd
