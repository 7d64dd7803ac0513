#include "runtime/disk_worker.h"

#include <sys/resource.h>
#include <unistd.h>

#include <boost/asio/post.hpp>

#include <utility>

#include "base/limits.h"

namespace attestrd {
namespace {

/// Where both want the same core: what was fetched is to be durable before more is fetched. Where
/// it is not allowed (setpriority(2), RLIMIT_NICE) they take turns, which costs throughput alone.
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

template <class Change>
void DiskWorker::add(Change change) {
  {
    const std::lock_guard lock(mutex_);
    change(waiting_);
    has_work_ = true;
  }
  changed_.notify_one();
}

void DiskWorker::submit(Finish finish) {
  add([&finish](RoundRequest& waiting) { waiting.finishes.push_back(std::move(finish)); });
}

void DiskWorker::submit(Progress progress) {
  add([&progress](RoundRequest& waiting) { waiting.progress.push_back(std::move(progress)); });
}

void DiskWorker::submit_hazard(std::string text) {
  add([&text](RoundRequest& waiting) { waiting.hazard = std::move(text); });
}

void DiskWorker::submit(DayRequests reservation) {
  add([&reservation](RoundRequest& waiting) { waiting.reservation = reservation; });
}

void DiskWorker::scan_inbox() {
  add([](RoundRequest& waiting) { waiting.scan_inbox = true; });
}

void DiskWorker::look_up(const HandshakeId& id, OnFound on_found) {
  {
    const std::lock_guard lock(mutex_);
    questions_.emplace_back(id, std::move(on_found));
  }
  changed_.notify_one();
}

void DiskWorker::purge_tombstones(Duration older_than) {
  add([older_than](RoundRequest& waiting) { waiting.purge_older_than = older_than; });
}

void DiskWorker::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void DiskWorker::run() {
  go_before_the_event_loop();
  RoundRequest request;
  while (wait_for_work(request)) {
    answer_questions();
    const bool has_work = !request.is_empty() || ledger_.has_unmarked();
    if (has_work && !write(request)) return;
  }
}

void DiskWorker::answer_questions() {
  std::unique_lock lock(mutex_);
  const auto questions = std::exchange(questions_, {});
  lock.unlock();
  for (const auto& [id, on_found] : questions) tell(on_found, ledger_.find(id));
}

/// Adds all that waits to what the round before has left. Returns false when the worker is stopped
/// and nothing is left to do.
bool DiskWorker::wait_for_work(RoundRequest& request) {
  const auto has_work = [&] { return has_work_ || !questions_.empty() || !request.is_empty(); };
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

/// Writes one round, however long the disk is full, and then all that did not fit. Returns false
/// when the worker must end.
bool DiskWorker::write(RoundRequest& request) {
  bool was_full = false;
  for (;;) {
    auto report = ledger_.round(request, clock_());
    if (report) {
      const bool is_all = request.is_empty();  // And not a part that had room.
      if (is_all && was_full) tell(events_.disk_room);
      tell(events_.report, std::move(*report));
      if (is_all || !was_full) return true;
      answer_questions();
      continue;
    }
    if (report.error().code != Errc::disk_full) {
      tell(events_.failed, report.error());
      return false;
    }
    if (!was_full) tell(events_.disk_full, report.error());
    was_full = true;
    answer_questions();
    if (!wait_for_retry()) return false;
  }
}

/// Returns false when the worker was stopped.
bool DiskWorker::wait_for_retry() {
  std::unique_lock lock(mutex_);
  return !changed_.wait_for(lock, limits::kDiskFullRetry, [this] { return stopping_; });
}

template <class Handler, class... Arguments>
void DiskWorker::tell(const Handler& handler, Arguments... arguments) {
  boost::asio::post(loop_, [handler, ... arguments = std::move(arguments)]() mutable {
    handler(std::move(arguments)...);
  });
}

}  // namespace attestrd
