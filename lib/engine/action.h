#pragma once

#include <string>
#include <variant>
#include <vector>

#include "base/account_day.h"
#include "handshake/finish.h"
#include "log/notice.h"
#include "poll/poller.h"

namespace attestrd {

// What the engine wants done.

/// Ask for the handshake; the end of it comes back as Replied with this ticket.
struct StartPoll {
  Poller::Ticket ticket = 0;
  HandshakeId id;
};

/// Write down the end of a handshake; Settled follows. `keeps_response`: the body of the reply that
/// led to this belongs into `finish.response`.
struct Settle {
  Finish finish;
  bool keeps_response = false;
};

/// Worth a row's write, whenever it suits.
struct Save {
  Progress progress;
};

/// Worth keeping in the queue: what was learnt of when handshakes get done (Hazard::write).
struct Remember {
  std::string hazard;
};

/// Write down that so many requests of the day are spent, before they are; Reserved follows.
struct Reserve {
  DayRequests requests;
};

/// Say it in the log.
struct Say {
  Notice notice;
};

using Action = std::variant<StartPoll, Settle, Save, Remember, Reserve, Say>;

/// Reused from step to step, so that a pending poll allocates nothing.
using Actions = std::vector<Action>;

}  // namespace attestrd
