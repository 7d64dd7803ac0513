#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>

#include "admission/shared_pause.h"
#include "base/account_day.h"
#include "engine/command.h"
#include "engine/settings.h"
#include "handshake/finish.h"
#include "handshake/handshake.h"
#include "handshake/row_change.h"
#include "poll/poller.h"
#include "queue/operator_pause.h"
#include "schedule/hazard.h"

namespace attestrd {

// The events that the engine processes. Pointers are valid while step() runs.

/// The hazard that the queue stores.
struct Learnt {
  const Hazard* hazard = nullptr;
};

/// The requests of a day that count as spent according to the queue: those that this owner had
/// reserved before the start.
struct Recalled {
  DayRequests spent;
};

/// The answer to a Reserve, or to several that were written together.
struct Reserved {
  Reservation answer;
};

/// The number of rows that are about to be adopted from the queue, after a restart or when rows of
/// another node are adopted. Their first polls are spread over the time that the request budget
/// needs for them.
struct Recovering {
  std::uint64_t handshakes = 0;
  bool is_clock_doubtful = false;  ///< The wall clock may be wrong since the process before.
};

/// A row to poll, either found in the queue (`is_new` false) or just accepted. Of a handshake that
/// is pending already only the deadline changes, and only to a later one.
struct Adopted {
  const QueuedHandshake* handshake = nullptr;
  bool is_new = false;
};

/// A row that this node no longer owns.
struct Lost {
  HandshakeId id;
};

/// An answer that a process before has stored for a handshake that is still pending, since its
/// result could not be trusted then. `response` is its body.
struct DoubtedFound {
  HandshakeId id;
  Reason reason{};
  std::string_view response;
};

/// The end of a poll that a StartPoll action started.
struct Replied {
  Poller::Ticket ticket = 0;
  const PollReply* reply = nullptr;
};

struct CheckedAnswer;

/// The answer to a Verify action. `response` is the response that led to the action; the views of
/// `answer` point into its body.
struct Verified {
  Poller::Ticket ticket = 0;
  const CheckedAnswer* answer = nullptr;
  const HttpResponse* response = nullptr;
};

/// A handshake whose end the ledger has written. The engine forgets it.
struct Settled {
  HandshakeId id;
};

/// The disk is full. Nothing more is fetched, since it could not be stored.
struct DiskFull {};
struct DiskHasRoom {};

/// The queue can't be reached. Nothing more is fetched, as with a full disk.
struct QueueUnavailable {};
struct QueueAvailable {};

/// The lease of this node of a fleet has ended, or holds again: without it no poll starts, since
/// another node may poll the same handshakes. A daemon with a queue of its own needs none.
struct LeaseEnded {};
struct LeaseHolds {};

/// The share of the account's rate that this node of a fleet has now, in requests per second; 0:
/// none may be sent; nothing: there is no limit.
struct ShareChanged {
  std::optional<double> requests_per_second;
};

/// The pause of the account as the fleet has it; nothing: there is none. It follows on each beat
/// that finds it changed, and comes before the first LeaseHolds.
struct AccountShared {
  std::optional<SharedPause> pause;
};

/// An operator's pause of all polls, or its end, as the queue stores it.
struct PauseChanged {
  OperatorPause pause;
};

/// An operator holds a handshake, or has released it. The row has it.
struct HoldChanged {
  SetHeld hold;
};

/// New settings. The request budget is one of them. The verifier must have its new secrets before:
/// see Verifier::replace().
struct Reconfigured {
  EngineSettings settings;
};

/// A command to execute. The action Answered carries its ticket.
struct Commanded {
  CommandTicket ticket = 0;
  const EngineCommand* command = nullptr;
};

/// A request to stop: no new poll starts from now on.
struct Stop {};

/// The time that next_wake() returned has come.
struct Woke {};

using EngineEvent =
    std::variant<Learnt, Recalled, Reserved, Recovering, Adopted, Lost, DoubtedFound, Replied,
                 Verified, Settled, DiskFull, DiskHasRoom, QueueUnavailable, QueueAvailable,
                 LeaseEnded, LeaseHolds, ShareChanged, AccountShared, PauseChanged, HoldChanged,
                 Reconfigured, Commanded, Stop, Woke>;

}  // namespace attestrd
