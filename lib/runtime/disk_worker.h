#pragma once

#include <boost/asio/any_io_executor.hpp>

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "handshake/known_handshake.h"
#include "ledger/ledger.h"
#include "queue/queue.h"

namespace attestrd {

/// The one thread that writes to the disk and the queue. All requests that arrive while a round
/// runs wait for the next round and share its batch, together with the rest of the round before.
/// Therefore the event loop never waits, and a busy disk costs only delay. While the disk is full
/// or the queue is unavailable, or descriptors or memory are short, the worker retries the round
/// each second, and the process continues.
///
/// All but the thread itself belongs to the event loop: every call comes from there, and every
/// event goes there.
class DiskWorker {
 public:
  struct Events {
    std::function<void(RoundReport)> report;
    std::function<void(const Error&)> disk_full;  ///< Once; the round is retried until it fits.
    std::function<void()> disk_room;              ///< The round that did not fit has been written.
    std::function<void(const Error&)> queue_unavailable;  ///< Once; the round is then retried.
    std::function<void()> queue_available;                ///< The queue has answered again.
    std::function<void(const Error&)> shortage{};  ///< Of descriptors or memory; once, as above.
    std::function<void()> shortage_over{};         ///< The next round has been written.
    std::function<void(const Error&)> failed;      ///< The last event: the process must end.
  };
  using OnFound = std::function<void(Result<KnownHandshake>)>;
  using OnEnded = std::function<void(Result<std::vector<HandshakeId>>)>;
  using Clock = std::function<Now()>;

  DiskWorker(Ledger& ledger, boost::asio::any_io_executor loop, Clock clock, Events events);
  ~DiskWorker();

  /// Starts the thread, which begins with the requests submitted before. The ledger and everything
  /// that it writes to must have recovered, and belong to the worker from now until stop() returns.
  void start();

  /// Adds to the requests that wait for the next round.
  void submit(RoundRequest more);
  void scan_inbox(ScanRequest request);
  void purge_tombstones(Duration older_than);
  void claim_rows();
  /// Looks an id up between two rounds, or between two tries of one. `on_found` receives the answer
  /// on the loop, but never once the worker is stopped.
  void look_up(const HandshakeId& id, OnFound on_found);
  /// Looks up a page of the ids that have ended and have a tag, in the same way.
  void look_up_ended(EndedQuery query, OnEnded on_ended);
  /// Runs a short job on the thread, between two rounds or between two tries of one; one that waits
  /// when the worker is stopped never runs. Only such a job may use the stores of the ledger.
  void run_between_rounds(std::function<void()> job);

  /// Writes all waiting requests, publishes and marks their records, then ends the thread. On a
  /// full disk, or while the queue is unavailable, it tries once: after the next start Attestr is
  /// polled again for the results that were not written. Reports of the last rounds are still
  /// posted to the loop. stop() may be called again, and without a start().
  void stop();

  /// Returns for how long the current round or job has run; zero while there is none.
  Duration busy_for(Mono now) const;

 private:
  /// The conditions that prevent the write of a round, as far as they were reported to the loop.
  struct Trouble {
    bool is_disk_full = false;
    bool is_queue_unavailable = false;
    bool is_short = false;
  };

  static constexpr Mono kIdle = Mono::max();

  void run();
  bool wait_for_work(RoundRequest& request);
  bool write(RoundRequest& request);
  bool is_passing(const Error& error, Trouble& trouble);
  void run_jobs();
  bool wait_for_retry();
  template <class Handler, class... Arguments>
  void tell(const Handler& handler, Arguments... arguments);

  Ledger& ledger_;
  boost::asio::any_io_executor loop_;
  Clock clock_;
  Events events_;

  std::mutex mutex_;
  std::condition_variable changed_;
  RoundRequest waiting_;  ///< Guarded by mutex_, like the next three members.
  std::vector<std::function<void()>> jobs_;
  bool has_work_ = false;
  bool stopping_ = false;

  std::atomic<Mono> work_began_{kIdle};
  std::thread thread_;
};

}  // namespace attestrd
