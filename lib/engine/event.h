#pragma once

#include <cstdint>
#include <string>
#include <variant>

#include "base/account_day.h"
#include "engine/settings.h"
#include "handshake/handshake.h"
#include "poll/poller.h"
#include "schedule/hazard.h"

namespace attestrd {

// What can happen to the engine. Pointers hold while step() runs.

/// What the daemon before had learnt of when handshakes get done.
struct Learnt {
  const Hazard* hazard = nullptr;
};

/// What the daemon before had reserved of a day's requests.
struct Recalled {
  DayRequests requests;
};

/// What Reserve asked for is durable.
struct Reserved {
  DayRequests requests;
};

/// So many rows are about to be adopted from the queue, after a restart or a take-over: their first
/// polls are spread over the time that the request budget needs for them.
struct Recovering {
  std::uint64_t handshakes = 0;
};

/// A row to poll: found in the queue (`is_new` false), or accepted just now. One that is pending
/// already is updated: the later expiry holds.
struct Adopted {
  const QueuedHandshake* handshake = nullptr;
  bool is_new = false;
};

/// Somebody else has the row now (a lost lease).
struct Taken {
  HandshakeId id;
};

/// A poll that an action started has come to its end.
struct Replied {
  Poller::Ticket ticket = 0;
  const PollReply* reply = nullptr;
};

/// The ledger has written down the end of a handshake; it is forgotten.
struct Settled {
  HandshakeId id;
};

/// The disk is full: fetch nothing that could not be stored.
struct DiskFull {};
struct DiskHasRoom {};

/// The settings, or the request budget among them, have changed.
struct Reconfigured {
  EngineSettings settings;
};

/// No new poll from now on.
struct Stop {};

/// The time asked for by next_wake() has come.
struct Woke {};

using EngineEvent = std::variant<Learnt, Recalled, Reserved, Recovering, Adopted, Taken, Replied,
                                 Settled, DiskFull, DiskHasRoom, Reconfigured, Stop, Woke>;

}  // namespace attestrd
