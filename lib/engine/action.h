#pragma once

#include <variant>
#include <vector>

#include "base/account_day.h"
#include "engine/command.h"
#include "handshake/finish.h"
#include "log/notice.h"
#include "poll/poller.h"
#include "schedule/hazard.h"

namespace attestrd {

// The actions that the engine returns. The runtime carries them out.

/// A poll to start. The event Replied with this ticket follows.
struct StartPoll {
  Poller::Ticket ticket = 0;
  HandshakeId id;
};

/// A large answer, which must be checked outside of this step: the response of the reply that led
/// to this action, with check_answer() (engine/replies.h). The event Verified follows with the same
/// ticket and response.
struct Verify {
  Poller::Ticket ticket = 0;
  HandshakeId id;
};

/// The end of a handshake, for the ledger to write. The event Settled follows. If `keeps_response`
/// is set, the body of the reply that led to this action belongs into `finish.response`.
struct Settle {
  Finish finish;
  bool keeps_response = false;
};

/// The end of a pending handshake if its last answer decided it: its result can't be trusted yet.
/// It must be stored durably, since Attestr may archive the result while no process has the answer.
/// The next process passes it to the engine with DoubtedFound.
struct StoreDoubted {
  Finish finish;
};

/// Progress that is worth a write of the row. The write is not urgent.
struct Save {
  Progress progress;
};

/// The hazard learnt since the last Remember, to be merged into the hazard that the queue stores.
struct Remember {
  HazardDelta learnt;
};

/// A number of further requests of a day that must be reserved durably. The event Reserved follows.
struct Reserve {
  DayRequests wanted;
};

/// Reserved requests of a day that will not be spent.
struct GiveBack {
  DayRequests unspent;
};

/// A line for the log.
struct Say {
  Notice notice;
};

/// The answer to the command with this ticket.
struct Answered {
  CommandTicket ticket = 0;
  EngineAnswer answer;
};

using Action = std::variant<StartPoll, Verify, Settle, StoreDoubted, Save, Remember, Reserve,
                            GiveBack, Say, Answered>;

/// The caller reuses the vector from step to step, so that a poll answered with "not yet" allocates
/// nothing.
using Actions = std::vector<Action>;

}  // namespace attestrd
