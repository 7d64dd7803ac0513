// The handlers of the commands that walk over the pending handshakes, one page at a time.

#include <algorithm>
#include <optional>

#include "base/check.h"
#include "engine/engine_commands.h"
#include "engine/verdict.h"

namespace attestrd {
namespace {

using State = PendingRecord::State;

ListedState listed_state_of(const PendingRecord& record) {
  switch (record.state) {
    case State::waiting: return record.is_held ? ListedState::held : ListedState::waiting;
    case State::ready: return record.is_held ? ListedState::held : ListedState::due;
    case State::polling: return ListedState::polling;
    case State::held: return ListedState::held;
    case State::settling: return ListedState::ending;
    case State::vacant: break;
  }
  check_failed("a listed handshake has a state", __FILE__, __LINE__);
}

/// A ListFilter in the terms of the records.
class RecordFilter {
 public:
  RecordFilter(const ListFilter& filter, Now now) : filter_(filter), now_(now) {
    if (filter.tag) tag_digest_ = digest_of_tag(*filter.tag);
  }

  bool matches(const PendingRecord& record) const {
    if (record.state == State::vacant || record.is_lost) return false;
    if (filter_.state && *filter_.state != listed_state_of(record)) return false;
    if (tag_digest_ && *tag_digest_ != record.tag_digest) return false;
    if (filter_.submitted_before && now_.wall - age_of(record) >= *filter_.submitted_before)
      return false;
    return !filter_.older_than || age_of(record) > *filter_.older_than;
  }

  /// Returns whether a handshake that matches in all else matches by the time of its next poll.
  bool matches(const Explanation& why) const {
    return !filter_.due_before || (why.due && now_.wall + *why.due < *filter_.due_before);
  }

 private:
  Duration age_of(const PendingRecord& record) const { return now_.mono - record.submitted; }

  const ListFilter& filter_;
  Now now_;
  std::optional<std::uint64_t> tag_digest_;
};

}  // namespace

EngineAnswer Engine::Commands::operator()(const ListCommand& command) const {
  const Roster& roster = engine_.roster_;
  const RecordFilter filter(command.filter, now_);
  ListPage page;
  Slot slot = std::min(command.from, roster.slots());
  const Slot end = slot + std::min(roster.slots() - slot, ListCommand::kSlotsPerPage);
  for (; slot < end && page.rows.size() < ListCommand::kRowsPerPage; ++slot) {
    const PendingRecord& record = roster[slot];
    if (!filter.matches(record)) continue;
    auto why = engine_.explanation_of(slot, now_);
    if (filter.matches(why))
      page.rows.push_back({roster.id_of(slot), listed_state_of(record), std::move(why)});
  }
  if (slot < roster.slots()) page.next = slot;
  return page;
}

EngineAnswer Engine::Commands::operator()(const AgesCommand& command) const {
  const Roster& roster = engine_.roster_;
  const Admission& admission = engine_.admission_;
  const bool is_polling =
      !admission.is_paused() && admission.account().next() && admission.backlog().allows(0);
  AgesPage page;
  Slot slot = std::min(command.from, roster.slots());
  const Slot end = slot + std::min(roster.slots() - slot, AgesCommand::kSlotsPerPage);
  for (; slot < end; ++slot) {
    const PendingRecord& record = roster[slot];
    if (record.state == State::vacant || record.state == State::settling || record.is_lost)
      continue;
    AgeTable::Row& row = page.table.rows.at(AgeTable::bucket_of(now_.mono - record.submitted));
    const auto due = next_poll_of(engine_, slot, now_).second;
    const bool waits_for_turn = record.state == State::ready && !record.is_held && is_polling;
    if (record.state == State::polling)
      ++row.polling;
    else if (waits_for_turn)
      ++row.now;
    else if (!due)
      ++row.held;
    else
      ++(*due == Duration(0) ? row.now : row.due.at(AgeTable::bucket_of(*due)));
  }
  if (slot < roster.slots()) page.next = slot;
  return page;
}

}  // namespace attestrd
