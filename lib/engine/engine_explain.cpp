#include <algorithm>

#include "engine/engine.h"
#include "schedule/learnt_cadence.h"

namespace attestrd {

std::optional<Explanation> Engine::explain(const HandshakeId& id, Now now) const {
  const auto slot = roster_.find(id);
  if (!slot || roster_[*slot].is_lost) return std::nullopt;
  const PendingRecord& record = roster_[*slot];
  Explanation why;
  why.wait = wait_of(*slot, now);
  why.due = due_of(*slot, why.wait, now);
  why.age = now.mono - record.submitted;
  why.until_deadline = record.deadline - now.mono;
  const Mono last = record.last_pending == Mono::min() ? record.submitted : record.last_pending;
  if (record.last_pending != Mono::min()) why.since_pending = now.mono - last;
  why.polls = record.polls;
  why.expected_polls = expected_polls(hazard_, *cadence_, why.age,
                                      std::max(record.deadline, now.mono) - record.submitted,
                                      settings_.min_interval);
  why.chance_done = 1 - hazard_.survival(last - record.submitted, why.age);
  why.completions = static_cast<std::uint64_t>(hazard_.completions());
  return why;
}

Explanation::Wait Engine::wait_of(Slot slot, Now now) const {
  using Wait = Explanation::Wait;
  const PendingRecord& record = roster_[slot];
  if (record.state == State::settling) return Wait::record;
  if (record.state == State::polling) return Wait::answer;
  const bool is_last = now.mono >= record.deadline;
  if (budget_.is_used_up() || (budget_.is_spent() && !is_last)) {
    const bool is_kept = !is_last && record.deadline - now.mono < until_next_account_day(now.wall);
    return is_kept && !budget_.is_used_up() ? Wait::deadline : Wait::next_day;
  }
  if (record.state == State::ready) return Wait::turn;
  if (record.errors > 0) return Wait::retry;
  if (wheel_.due_of(slot) >= record.deadline) return Wait::deadline;
  return settings_.cadence == CadenceKind::adaptive ? Wait::result : Wait::interval;
}

std::optional<Duration> Engine::due_of(Slot slot, Explanation::Wait wait, Now now) const {
  using Wait = Explanation::Wait;
  const PendingRecord& record = roster_[slot];
  switch (wait) {
    case Wait::next_day: return until_next_account_day(now.wall);
    case Wait::deadline: return std::max(record.deadline - now.mono, Duration(0));
    case Wait::result:
    case Wait::interval:
    case Wait::retry: return std::max(wheel_.due_of(slot) - now.mono, Duration(0));
    case Wait::turn:
    case Wait::answer:
    case Wait::record: break;
  }
  return std::nullopt;
}

}  // namespace attestrd
