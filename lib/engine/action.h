#pragma once

#include <cstddef>
#include <string>
#include <variant>
#include <vector>

#include "base/account_day.h"
#include "engine/command.h"
#include "handshake/finish.h"
#include "log/notice.h"
#include "poll/poller.h"
#include "schedule/hazard.h"

namespace attestrd {

// What the engine wants done.

/// Poll the handshake; Replied follows with this ticket.
struct StartPoll {
  Poller::Ticket ticket = 0;
  HandshakeId id;
};

/// Verify the result in the body of the reply that led to this, outside of this step:
/// `result_bytes` bytes from `result_at` on. Verified follows with the same response.
struct Verify {
  Poller::Ticket ticket = 0;
  std::size_t result_at = 0;
  std::size_t result_bytes = 0;
  std::string signature;
};

/// Write down the end of a handshake; Settled follows. `keeps_response`: the body of the reply that
/// led to this belongs into `finish.response`.
struct Settle {
  Finish finish;
  bool keeps_response = false;
};

/// Progress that is worth a write of the row, whenever it suits.
struct Save {
  Progress progress;
};

/// Merge what was learnt of when handshakes get done into what the queue keeps.
struct Remember {
  HazardDelta learnt;
};

/// Reserve so many more requests of a day, durably; Reserved follows.
struct Reserve {
  DayRequests wanted;
};

/// These reserved requests of a day will not be spent.
struct GiveBack {
  DayRequests unspent;
};

/// Write it to the log.
struct Say {
  Notice notice;
};

/// The answer to the command of this ticket.
struct Answered {
  CommandTicket ticket = 0;
  EngineAnswer answer;
};

using Action =
    std::variant<StartPoll, Verify, Settle, Save, Remember, Reserve, GiveBack, Say, Answered>;

/// Reused from step to step, so that a pending poll allocates nothing.
using Actions = std::vector<Action>;

}  // namespace attestrd
