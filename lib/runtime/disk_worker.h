#pragma once

#include <boost/asio/any_io_executor.hpp>

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "handshake/known_handshake.h"
#include "ledger/ledger.h"

namespace attestrd {

/// The one thread that writes to disk and queue. All that comes in while a round runs waits for the
/// next one and shares its batch, together with what was too much for the one before: so the event
/// loop never waits, and a busy disk costs delay alone. While the disk is full or the queue is
/// unavailable, the worker tries the round again each second, and the process goes on.
///
/// All but the thread itself belongs to the event loop: every call comes from there, and every
/// event goes there.
class DiskWorker {
 public:
  struct Events {
    std::function<void(RoundReport)> report;
    std::function<void(const Error&)> disk_full;  ///< Once; the round is then tried until it fits.
    std::function<void()> disk_room;              ///< The round that did not fit has been written.
    std::function<void(const Error&)> queue_unavailable;  ///< Once; the round is tried again.
    std::function<void()> queue_available;                ///< The queue has answered again.
    std::function<void(const Error&)> failed;             ///< The last event: the process must end.
  };
  using OnFound = std::function<void(Result<KnownHandshake>)>;
  using Clock = std::function<Wall()>;

  DiskWorker(Ledger& ledger, boost::asio::any_io_executor loop, Clock clock, Events events);
  ~DiskWorker();

  /// Begins with what has come in before. The ledger, and all that it writes to, has recovered, and
  /// belongs to the worker from now until stop() returns.
  void start();

  /// Adds to what waits for the next round.
  void submit(RoundRequest more);
  void scan_inbox();
  void purge_tombstones(Duration older_than);
  /// Between two rounds, or two tries of one. Never answered once the worker is stopped.
  void look_up(const HandshakeId& id, OnFound on_found);

  /// Writes what waits, publishes and marks it, then ends the thread. On a full disk, or while the
  /// queue is unavailable, it tries once: Attestr is asked again after the next start for what is
  /// not written. Reports of the last rounds are still posted to the loop. May be called again, and
  /// without a start().
  void stop();

 private:
  /// What keeps a round from being written, as far as the loop was told of it.
  struct Trouble {
    bool is_disk_full = false;
    bool is_queue_unavailable = false;
  };

  void run();
  bool wait_for_work(RoundRequest& request);
  bool write(RoundRequest& request);
  bool is_passing(const Error& error, Trouble& trouble);
  void answer_questions();
  bool wait_for_retry();
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
