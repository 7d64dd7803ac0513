#pragma once

#include <boost/asio/any_io_executor.hpp>

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "ledger/ledger.h"
#include "queue/queue.h"

namespace attestrd {

/// The one thread that writes to disk. All that comes in while a round runs waits for the next one
/// and shares its commit, with what was too much for the one before: so the event loop never waits,
/// and a busy disk costs delay alone.
///
/// All but the thread itself belongs to the event loop: every call comes from there, and every
/// event goes there.
class DiskWorker {
 public:
  struct Events {
    std::function<void(RoundReport)> report;
    std::function<void(const Error&)> disk_full;  ///< Once; the round is then tried until it fits.
    std::function<void()> disk_room;              ///< The round that did not fit has been written.
    std::function<void(const Error&)> failed;     ///< The last event: the process must end.
  };
  using OnFound = std::function<void(Result<KnownHandshake>)>;
  using Clock = std::function<Wall()>;

  DiskWorker(Ledger& ledger, boost::asio::any_io_executor loop, Clock clock, Events events);
  ~DiskWorker();

  /// Begins with what has come in before. The ledger, and all that it writes to, has recovered, and
  /// belongs to the worker from now until stop() returns.
  void start();

  void submit(Finish finish);
  void submit(Progress progress);
  void submit_hazard(std::string text);
  void submit(DayRequests reservation);
  void scan_inbox();
  /// Between two rounds, or two tries while the disk is full. Never answered once it is stopped.
  void look_up(const HandshakeId& id, OnFound on_found);
  void purge_tombstones(Duration older_than);

  /// Writes what waits, publishes and marks it, then ends the thread. On a full disk it tries once:
  /// what does not fit is asked of Attestr again after the next start. Reports of the last rounds
  /// are still posted to the loop. May be called again, and without a start().
  void stop();

 private:
  void run();
  bool wait_for_work(RoundRequest& request);
  bool write(RoundRequest& request);
  void answer_questions();
  bool wait_for_retry();
  template <class Change>
  void add(Change change);
  template <class Handler, class... Arguments>
  void tell(const Handler& handler, Arguments... arguments);

  Ledger& ledger_;
  boost::asio::any_io_executor loop_;
  Clock clock_;
  Events events_;

  std::mutex mutex_;
  std::condition_variable changed_;
  RoundRequest waiting_;  ///< Guarded by mutex_, like the next three.
  std::vector<std::pair<HandshakeId, OnFound>> questions_;
  bool has_work_ = false;
  bool stopping_ = false;

  std::thread thread_;
};

}  // namespace attestrd
