#include "runtime/disk_worker.h"

#include <sys/resource.h>
#include <unistd.h>

#include <boost/asio/post.hpp>

#include <algorithm>
#include <utility>

#include "base/limits.h"

namespace attestrd {
namespace {

/// Raises the priority of this thread above that of the event loop. Where both compete for one
/// core, what was fetched should be durable before more is fetched. Where the system does not
/// permit it (setpriority(2), RLIMIT_NICE), both share the core, which costs only throughput.
void go_before_the_event_loop() {
  const auto thread = static_cast<id_t>(::gettid());
  const int nice = ::getpriority(PRIO_PROCESS, thread);
  static_cast<void>(::setpriority(PRIO_PROCESS, thread, nice - limits::kDiskWorkerLead));
}

}  // namespace

DiskWorker::DiskWorker(Ledger& ledger, boost::asio::any_io_executor loop, Clock clock,
                       Events events)
    : ledger_(ledger),
      loop_(std::move(loop)),
      clock_(std::move(clock)),
      events_(std::move(events)) {}

DiskWorker::~DiskWorker() { stop(); }

void DiskWorker::start() {
  thread_ = std::thread([this] { run(); });
}

void DiskWorker::submit(RoundRequest more) {
  {
    const std::lock_guard lock(mutex_);
    waiting_.join(std::move(more));
    has_work_ = true;
  }
  changed_.notify_one();
}

void DiskWorker::scan_inbox(ScanRequest request) {
  RoundRequest scan;
  scan.scan_inbox = std::move(request);
  submit(std::move(scan));
}

void DiskWorker::purge_tombstones(Duration older_than) {
  RoundRequest purge;
  purge.purge_older_than = older_than;
  submit(std::move(purge));
}

void DiskWorker::claim_rows() {
  RoundRequest claim;
  claim.claim = true;
  submit(std::move(claim));
}

void DiskWorker::look_up(const HandshakeId& id, OnFound on_found) {
  run_between_rounds(
      [this, id, on_found = std::move(on_found)] { tell(on_found, ledger_.find(id)); });
}

void DiskWorker::look_up_ended(EndedQuery query, OnEnded on_ended) {
  run_between_rounds([this, query = std::move(query), on_ended = std::move(on_ended)] {
    tell(on_ended, ledger_.find_ended(query));
  });
}

void DiskWorker::run_between_rounds(std::function<void()> job) {
  {
    const std::lock_guard lock(mutex_);
    jobs_.push_back(std::move(job));
  }
  changed_.notify_one();
}

void DiskWorker::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  if (thread_.joinable()) thread_.join();
}

Duration DiskWorker::busy_for(Mono now) const {
  const Mono began = work_began_;
  return began == kIdle ? Duration(0) : std::max(now - began, Duration(0));
}

void DiskWorker::run() {
  go_before_the_event_loop();
  RoundRequest request;
  while (wait_for_work(request)) {
    run_jobs();
    const bool has_work = !request.is_empty() || ledger_.has_unmarked();
    if (has_work && !write(request)) return;
  }
}

void DiskWorker::run_jobs() {
  std::unique_lock lock(mutex_);
  const auto jobs = std::exchange(jobs_, {});
  lock.unlock();
  for (const auto& job : jobs) {
    work_began_ = clock_().mono;
    job();
    work_began_ = kIdle;
  }
}

/// Waits for work, and adds all waiting requests to the rest of the round before. Returns false if
/// the worker is stopped and nothing is left to do.
bool DiskWorker::wait_for_work(RoundRequest& request) {
  const auto has_work = [&] { return has_work_ || !jobs_.empty() || !request.is_empty(); };
  const auto is_called = [&] { return has_work() || stopping_; };
  std::unique_lock lock(mutex_);
  if (ledger_.has_unmarked())
    changed_.wait_for(lock, limits::kMarkDelay, is_called);
  else
    changed_.wait(lock, is_called);
  if (!has_work() && !ledger_.has_unmarked()) return false;
  request.join(std::exchange(waiting_, {}));
  has_work_ = false;
  return true;
}

/// Writes one round, and then the rest that did not fit, however long the disk is full or the queue
/// unavailable. Returns false if the worker must end.
bool DiskWorker::write(RoundRequest& request) {
  Trouble trouble;
  for (;;) {
    const Now now = clock_();
    work_began_ = now.mono;
    auto report = ledger_.round(request, now);
    work_began_ = kIdle;
    if (!report) {
      if (!is_passing(report.error(), trouble)) return false;
      run_jobs();
      if (!wait_for_retry()) return false;
      continue;
    }
    if (std::exchange(trouble.is_queue_unavailable, false)) tell(events_.queue_available);
    if (std::exchange(trouble.is_short, false)) tell(events_.shortage_over);
    const bool is_all = request.is_empty();  // False: only a part was written.
    if (is_all && trouble.is_disk_full) tell(events_.disk_room);
    tell(events_.report, std::move(*report));
    if (is_all || !trouble.is_disk_full) return true;
    run_jobs();
  }
}

/// Returns whether the round may be retried. Reports new trouble to the loop.
bool DiskWorker::is_passing(const Error& error, Trouble& trouble) {
  if (error.code == Errc::disk_full) {
    if (!std::exchange(trouble.is_disk_full, true)) tell(events_.disk_full, error);
    return true;
  }
  if (error.code == Errc::shortage) {
    if (!std::exchange(trouble.is_short, true)) tell(events_.shortage, error);
    return true;
  }
  if (error.code == Errc::unavailable) {
    if (!std::exchange(trouble.is_queue_unavailable, true)) tell(events_.queue_unavailable, error);
    return true;
  }
  tell(events_.failed, error);
  return false;
}

/// Waits until the next try. Returns false if the worker was stopped.
bool DiskWorker::wait_for_retry() {
  std::unique_lock lock(mutex_);
  return !changed_.wait_for(lock, limits::kRoundRetry, [this] { return stopping_; });
}

template <class Handler, class... Arguments>
void DiskWorker::tell(const Handler& handler, Arguments... arguments) {
  boost::asio::post(loop_, [handler, ... arguments = std::move(arguments)]() mutable {
    handler(std::move(arguments)...);
  });
}

}  // namespace attestrd
