#pragma once

#include <boost/asio/io_context.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "contract/memory_files.h"
#include "contract/memory_queue.h"
#include "engine/engine.h"
#include "inbox/folder_inbox.h"
#include "ledger/ledger.h"
#include "poll/https_poller.h"
#include "runtime/conductor.h"
#include "runtime/disk_worker.h"
#include "spool/folder_spool.h"
#include "verify/verifier.h"

namespace attestrd {

/// The event loop of the daemon as it polls: the real engine, conductor and poller, composed as in
/// daemon/service/assemble.cpp. No handshake ends, so that the disk worker has nothing to write;
/// its folders and its queue are in memory.
class Polling {
 public:
  Polling(const EngineSettings& engine, HttpsPollerSettings poller);
  ~Polling();

  /// Adopts handshakes from the queue, each submitted `age` ago. Their first polls are due at once.
  void adopt(std::size_t handshakes, Duration age);

  /// Wakes the engine, as its timer does.
  void wake() { conductor_.step(Woke{}); }

  boost::asio::io_context& loop() { return loop_; }

  std::uint64_t replies() const { return replies_; }
  /// Called after each reply.
  std::function<void()> on_reply = [] {};

  EngineReport report() const;

  /// Returns the notices of the log.
  const std::vector<Notice>& notices() const { return notices_; }

 private:
  boost::asio::io_context loop_{1};
  std::uint64_t replies_ = 0;
  std::vector<Notice> notices_;

  test::Faults faults_;
  test::MemoryFolder root_{faults_};
  test::MemoryStore rows_;
  test::MemoryDirectory folder_{root_};
  std::unique_ptr<FolderInbox> inbox_ =
      *FolderInbox::open(*folder_.subfolder("inbox"), *folder_.subfolder("refused"));
  test::MemoryQueue queue_{rows_, faults_};
  std::unique_ptr<FolderSpool> spool_ = *FolderSpool::open(folder_);
  Ledger ledger_{*inbox_, queue_, *spool_};

  Verifier verifier_;
  Engine engine_;
  Conductor conductor_;
  std::unique_ptr<HttpsPoller> poller_;
  DiskWorker disk_;
};

}  // namespace attestrd
