#pragma once

#include <cstdint>
#include <optional>
#include <variant>

#include "base/account_day.h"
#include "engine/command.h"
#include "engine/settings.h"
#include "handshake/finish.h"
#include "handshake/handshake.h"
#include "poll/poller.h"
#include "schedule/hazard.h"

namespace attestrd {

// What can happen to the engine. Pointers are valid while step() runs.

/// What the queue keeps of when handshakes get done.
struct Learnt {
  const Hazard* hazard = nullptr;
};

/// So many requests of a day pass for spent, says the queue: those of all that polled before.
struct Recalled {
  DayRequests spent;
};

/// The answer to a Reserve, or to several that were written together.
struct Reserved {
  Reservation answer;
};

/// So many rows are about to be adopted from the queue, after a restart or when rows of another
/// node are adopted: their first polls are spread over the time that the request budget needs for
/// them.
struct Recovering {
  std::uint64_t handshakes = 0;
};

/// A row to poll: found in the queue (`is_new` false), or accepted just now. One that is pending
/// already is updated: the later expiry holds.
struct Adopted {
  const QueuedHandshake* handshake = nullptr;
  bool is_new = false;
};

/// This node no longer owns the row.
struct Lost {
  HandshakeId id;
};

/// A poll that an action started has come to its end.
struct Replied {
  Poller::Ticket ticket = 0;
  const PollReply* reply = nullptr;
};

/// What a Verify asked for: this signing form held, or none did. `response` is the one that led to
/// it.
struct Verified {
  Poller::Ticket ticket = 0;
  std::optional<SigningForm> form;
  const HttpResponse* response = nullptr;
};

/// The ledger has written down the end of a handshake; it is forgotten.
struct Settled {
  HandshakeId id;
};

/// The disk is full: nothing more is fetched, since it could not be stored.
struct DiskFull {};
struct DiskHasRoom {};

/// The queue can't be reached: nothing more is fetched, as with a full disk.
struct QueueUnavailable {};
struct QueueAvailable {};

/// The settings, or the request budget among them, have changed.
struct Reconfigured {
  EngineSettings settings;
};

/// Do what the command says, and answer it: Answered carries its ticket.
struct Commanded {
  CommandTicket ticket = 0;
  const EngineCommand* command = nullptr;
};

/// No new poll from now on.
struct Stop {};

/// The time asked for by next_wake() has come.
struct Woke {};

using EngineEvent = std::variant<Learnt, Recalled, Reserved, Recovering, Adopted, Lost, Replied,
                                 Verified, Settled, DiskFull, DiskHasRoom, QueueUnavailable,
                                 QueueAvailable, Reconfigured, Commanded, Stop, Woke>;

}  // namespace attestrd
