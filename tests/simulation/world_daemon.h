#pragma once

#include <map>
#include <memory>

#include "engine/engine.h"
#include "inbox/folder_inbox.h"
#include "ledger/ledger.h"
#include "queue/sqlite_queue.h"
#include "simulation/disk.h"
#include "simulation/disk_folder.h"
#include "simulation/unreliable_queue.h"
#include "simulation/world.h"
#include "spool/folder_spool.h"
#include "verify/verifier.h"

namespace attestrd::sim {

/// The state that a process loses when it dies.
struct World::Daemon {
  explicit Daemon(Disk& disk);

  DiskFolder root;
  Verifier verifier;
  std::unique_ptr<SqliteQueue> file;
  std::unique_ptr<UnreliableQueue> queue;  ///< Injects outages in front of `file`.
  std::unique_ptr<FolderSpool> spool;
  std::unique_ptr<FolderInbox> inbox;
  std::unique_ptr<Ledger> ledger;
  std::unique_ptr<Engine> engine;
  Actions actions;
  RoundRequest waiting;
  RoundRequest request;
  std::map<std::uint64_t, HandshakeId> asked;  ///< By operators: tickets that wait for an answer.
  std::map<std::uint64_t, bool> pauses_asked;  ///< Likewise: whether it begins.
  std::map<std::uint64_t, SetHeld> holds_asked;
  bool is_busy = false;
  bool is_full = false;
  bool is_queue_unavailable = false;
  bool is_stopping = false;
  Mono wake = Mono::max();
};

}  // namespace attestrd::sim
