#include "runtime/disk_worker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <future>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/limits.h"
#include "contract/memory_files.h"
#include "contract/memory_queue.h"
#include "inbox/folder_inbox.h"
#include "io/queue_rows.h"
#include "spool/folder_spool.h"

namespace attestrd::test {
namespace {

using ::testing::IsEmpty;
using namespace std::chrono_literals;

int own_nice() { return ::getpriority(PRIO_PROCESS, 0); }

/// Returns whether a thread may set this nice value.
bool may_go_first(int nice) {
  return std::async(std::launch::async,
                    [nice] { return ::setpriority(PRIO_PROCESS, 0, nice) == 0; })
      .get();
}

/// A fixture with a worker on folders and rows in memory, and its event loop.
class DiskWorkerTest : public ::testing::Test {
 protected:
  DiskWorkerTest() {
    ATTESTRD_CHECK(ledger_.recover({}, {Mono(1000h), Wall(1000h)}).has_value());
    ATTESTRD_CHECK(ledger_.claim(1).has_value());
  }

  void given_submitted(int count) {
    std::string ids;
    for (int i = 0; i < count; ++i) ids += "DS" + std::to_string(i) + "\n";
    root_.folder("inbox").names["list"] = ids;
  }

  static ScanRequest all_moved_in() {
    ScanRequest scan;
    scan.events.push_back({InboxEvent::Kind::moved_in, "list"});
    return scan;
  }

  static ScanRequest full_scan() {
    ScanRequest scan;
    scan.is_full = true;
    return scan;
  }

  void given_pending(int count) {
    given_submitted(count);
    RoundRequest scan;
    scan.scan_inbox = all_moved_in();
    ATTESTRD_CHECK(ledger_.round(scan, {Mono(1000h), Wall(1000h)}).has_value());
  }

  void given_full_disk_once() { faults_.arm(Faults::Kind::disk_full, 0); }

  void make() {
    worker_.emplace(
        ledger_, loop_.get_executor(), [this] { return tell_time(); },
        DiskWorker::Events{
            .report = [this](RoundReport report) { note(std::move(report)); },
            .disk_full = [this](const Error&) { ++full_; },
            .disk_room = [this] { ++room_; },
            .queue_unavailable = [this](const Error&) { ++unavailable_; },
            .queue_available = [this] { ++available_; },
            .failed = [this](const Error& error) { failure_ = error; },
        });
  }

  void start() {
    make();
    worker_->start();
  }

  /// Blocks the next round at its beginning.
  void hold_the_disk() { gate_.emplace(); }

  void let_the_disk_go() {
    gate_->set_value();
    worker_->stop();
    gate_.reset();
  }

  void end(int number) {
    Finish finish{id_of("DS" + std::to_string(number)),
                  Outcome::failed,
                  Reason::expired,
                  1,
                  {},
                  {},
                  {},
                  "",
                  "",
                  ""};
    RoundRequest request;
    request.finishes.push_back(std::move(finish));
    worker_->submit(std::move(request));
  }

  void reserve(DayRequests requests) {
    RoundRequest request;
    request.reserve = requests;
    worker_->submit(std::move(request));
  }

  /// Runs the loop until the condition holds.
  template <class Condition>
  void wait_until(Condition condition) {
    loop_.restart();  // The end of the previous wait stopped it.
    const auto work = boost::asio::make_work_guard(loop_);
    const auto deadline = std::chrono::steady_clock::now() + 30s;
    while (!condition()) {
      ASSERT_LT(std::chrono::steady_clock::now(), deadline) << "it never came";
      loop_.run_one_for(1s);
    }
  }

  void stop() {
    worker_->stop();
    loop_.restart();
    loop_.run();
  }

  Faults faults_;
  MemoryFolder root_{faults_};
  MemoryStore rows_;
  MemoryDirectory folder_{root_};
  std::unique_ptr<FolderInbox> inbox_ =
      *FolderInbox::open(*folder_.subfolder("inbox"), *folder_.subfolder("refused"));
  MemoryQueue queue_{rows_, faults_};
  std::unique_ptr<FolderSpool> spool_ = *FolderSpool::open(folder_);
  Ledger ledger_{*inbox_, queue_, *spool_, {.records = 100}};

  boost::asio::io_context loop_;
  std::optional<std::promise<void>> gate_;
  std::atomic<int> rounds_ = 0;
  std::atomic<int> nice_ = 100;  ///< The worker's; initially an impossible value.

  std::size_t accepted_ = 0;
  std::size_t published_ = 0;
  int empty_reports_ = 0;
  std::optional<Reservation> reserved_;
  int full_ = 0;
  int room_ = 0;
  int unavailable_ = 0;
  int available_ = 0;
  std::optional<Error> failure_;

  std::optional<DiskWorker> worker_;

 private:
  /// Returns the time. The worker calls it once per round, before the round begins.
  Now tell_time() {
    nice_ = own_nice();
    if (rounds_++ == 0 && gate_) gate_->get_future().wait();
    return {Mono(1000h), Wall(1000h)};
  }

  void note(RoundReport report) {
    accepted_ += report.accepted.size();
    published_ += report.settled.size();
    if (report.reserved) reserved_ = report.reserved;
    if (report.accepted.empty() && report.settled.empty()) ++empty_reports_;
  }
};

TEST_F(DiskWorkerTest, TouchesNothingBeforeItIsStarted) {
  make();
  reserve({1, 5});
  std::this_thread::sleep_for(50ms);
  EXPECT_EQ(rounds_, 0) << "its maker may still be reading the queue";
  worker_->start();
  wait_until([this] { return reserved_.has_value(); });
  stop();
}

TEST_F(DiskWorkerTest, MayEndWithoutAStart) {
  make();
  reserve({1, 5});
  worker_->stop();
  EXPECT_EQ(rounds_, 0);
}

TEST_F(DiskWorkerTest, HasAHigherPriorityThanTheEventLoopIfPermitted) {
  const int first = std::max(own_nice() - limits::kDiskWorkerLead, PRIO_MIN);
  start();
  reserve({1, 5});
  wait_until([this] { return reserved_.has_value(); });
  stop();
  // Without root, or a limit such as that of the unit, this tests the fallback only.
  EXPECT_EQ(nice_, may_go_first(first) ? first : own_nice());
}

TEST_F(DiskWorkerTest, AcceptsPublishesAndMarksByItself) {
  given_submitted(3);
  start();
  worker_->scan_inbox(all_moved_in());
  wait_until([this] { return accepted_ == 3; });
  for (int i = 0; i < 3; ++i) end(i);
  RoundRequest progress;
  progress.progress.push_back({id_of("DS0"), 2, {}});
  worker_->submit(std::move(progress));
  wait_until([this] { return published_ == 3; });
  wait_until([this] { return empty_reports_ > 0; });  // The marks get a round of their own.
  stop();
  EXPECT_EQ(rows_.ended.size(), 3U);
  EXPECT_EQ(root_.folder("failed").names.size(), 3U);
  EXPECT_FALSE(failure_);
}

TEST_F(DiskWorkerTest, JoinsAllWaitingRequestsIntoOneRound) {
  given_pending(100);
  hold_the_disk();
  start();
  worker_->purge_tombstones(400 * 24h);
  while (rounds_ == 0) std::this_thread::yield();
  for (int i = 0; i < 100; ++i) end(i);
  let_the_disk_go();
  loop_.run();
  EXPECT_EQ(published_, 100U);
  EXPECT_EQ(rounds_, 3) << "the held one, one for all hundred, one for their marks";
}

TEST_F(DiskWorkerTest, RecordsBeyondTheBoundOfARoundShareTheNextWithLaterOnes) {
  given_pending(200);
  make();
  for (int i = 0; i < 150; ++i) end(i);
  hold_the_disk();
  worker_->start();
  while (rounds_ == 0) std::this_thread::yield();
  for (int i = 150; i < 200; ++i) end(i);
  std::optional<std::size_t> published_before;
  worker_->look_up(id_of("DS0"), [&](const Result<KnownHandshake>& known) {
    if (known && std::holds_alternative<EndingHandshake>(*known)) published_before = published_;
  });
  let_the_disk_go();
  loop_.run();
  EXPECT_EQ(published_, 200U);
  EXPECT_EQ(rounds_, 4)
      << "two of a hundred records each, one for the last marks, and the question";
  EXPECT_EQ(published_before, 100U) << "a question waits for one round only";
}

TEST_F(DiskWorkerTest, StaysUpWhileTheDiskIsFull) {
  given_submitted(1);
  given_full_disk_once();
  start();
  worker_->scan_inbox(all_moved_in());
  wait_until([this] { return accepted_ == 1; });
  stop();
  EXPECT_EQ(full_, 1);
  EXPECT_EQ(room_, 1);
  EXPECT_FALSE(failure_);
}

TEST_F(DiskWorkerTest, WritesWaitingRequestsBeforeItStops) {
  given_pending(5);
  start();
  for (int i = 0; i < 5; ++i) end(i);
  stop();
  EXPECT_EQ(published_, 5U);
  EXPECT_EQ(rows_.ended.size(), 5U);
  EXPECT_FALSE(ledger_.has_unmarked());
  worker_->stop();
}

TEST_F(DiskWorkerTest, StopsOnAFullDiskWithoutLoss) {
  given_submitted(1);
  given_full_disk_once();
  hold_the_disk();
  start();
  worker_->scan_inbox(all_moved_in());
  while (rounds_ == 0) std::this_thread::yield();
  std::thread later([this] { gate_->set_value(); });
  worker_->stop();
  later.join();
  loop_.run();
  EXPECT_EQ(full_, 1);
  EXPECT_EQ(room_, 0);
  EXPECT_THAT(rows_.open, IsEmpty());
  EXPECT_EQ(root_.folder("inbox").names.size(), 1U);
}

TEST_F(DiskWorkerTest, StaysUpWhileTheQueueIsUnavailable) {
  given_submitted(1);
  faults_.arm(Faults::Kind::answer_lost, 0);
  faults_.then(Faults::Kind::unavailable, 0);
  start();
  worker_->scan_inbox(all_moved_in());
  wait_until([this] { return accepted_ == 1; });
  EXPECT_TRUE(faults_.is_spent());
  stop();
  EXPECT_EQ(unavailable_, 1) << "once";
  EXPECT_EQ(available_, 1);
  EXPECT_EQ(full_, 0);
  EXPECT_FALSE(failure_);
  EXPECT_EQ(rows_.open.size(), 1U);
}

TEST_F(DiskWorkerTest, ReportsAnAvailableQueueWhileTheDiskIsFull) {
  given_submitted(1);
  faults_.arm(Faults::Kind::unavailable, 0);
  faults_.then(Faults::Kind::disk_full, 0);
  start();
  worker_->scan_inbox(all_moved_in());
  wait_until([this] { return accepted_ == 1; });
  stop();
  EXPECT_EQ(unavailable_, 1);
  EXPECT_EQ(available_, 1);
  EXPECT_EQ(full_, 1);
  EXPECT_EQ(room_, 1);
}

TEST_F(DiskWorkerTest, StopsWhileTheQueueIsUnavailable) {
  given_submitted(1);
  faults_.arm(Faults::Kind::unavailable, 0);
  hold_the_disk();
  start();
  worker_->scan_inbox(all_moved_in());
  while (rounds_ == 0) std::this_thread::yield();
  std::thread later([this] { gate_->set_value(); });
  worker_->stop();
  later.join();
  loop_.run();
  EXPECT_EQ(unavailable_, 1);
  EXPECT_EQ(available_, 0);
  EXPECT_FALSE(failure_);
  EXPECT_EQ(root_.folder("inbox").names.size(), 1U);
}

TEST_F(DiskWorkerTest, LooksUpAHandshakeWithoutARound) {
  given_pending(1);
  start();
  std::vector<Result<KnownHandshake>> found;
  for (int i = 0; i < 2; ++i)
    worker_->look_up(id_of("DS" + std::to_string(i)),
                     [&found](Result<KnownHandshake> known) { found.push_back(std::move(known)); });
  wait_until([&found] { return found.size() == 2; });
  stop();
  EXPECT_TRUE(std::holds_alternative<QueuedHandshake>(*found[0]));
  EXPECT_TRUE(std::holds_alternative<UnknownHandshake>(*found[1]));
  EXPECT_EQ(empty_reports_, 0) << "there was no round";
}

TEST_F(DiskWorkerTest, IsBusyWhileAJobHangs) {
  start();
  std::promise<void> begun;
  std::promise<void> may_end;
  worker_->run_between_rounds([&] {
    begun.set_value();
    may_end.get_future().wait();
  });
  begun.get_future().wait();
  EXPECT_GE(worker_->busy_for(Mono(1000h) + 1min), 1min);
  may_end.set_value();
  stop();
  EXPECT_EQ(worker_->busy_for(Mono(1000h) + 1min), 0s);
}

TEST_F(DiskWorkerTest, LooksUpAHandshakeWhileTheDiskIsFull) {
  given_submitted(1);
  given_full_disk_once();
  hold_the_disk();
  start();
  worker_->scan_inbox(all_moved_in());
  while (rounds_ == 0) std::this_thread::yield();
  bool is_answered = false;
  int full_before = -1;
  worker_->look_up(id_of("DS0"), [&](const Result<KnownHandshake>& known) {
    is_answered = known && std::holds_alternative<UnknownHandshake>(*known);
    full_before = room_;
  });
  gate_->set_value();
  wait_until([this] { return accepted_ == 1; });
  stop();
  EXPECT_TRUE(is_answered);
  EXPECT_EQ(full_before, 0) << "there was no room yet";
}

TEST_F(DiskWorkerTest, AReservationIsDurableBeforeItIsReported) {
  start();
  reserve({20'000, 300});
  wait_until([this] { return reserved_.has_value(); });
  stop();
  EXPECT_EQ(reserved_, (Reservation{20'000, 300, 300}));
  EXPECT_EQ(rows_.reserved.at("node"), (DayRequests{20'000, 300}));
}

TEST_F(DiskWorkerTest, ReportsAFailureAndEnds) {
  given_submitted(1);
  root_.folder("inbox").is_broken = true;
  start();
  worker_->scan_inbox(full_scan());
  wait_until([this] { return failure_.has_value(); });
  EXPECT_EQ(failure_->code, Errc::io_failure);
  stop();
  EXPECT_EQ(rounds_, 1);
}

}  // namespace
}  // namespace attestrd::test
