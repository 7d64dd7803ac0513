#include "queue/postgres/batch_decisions.h"

#include <algorithm>
#include <chrono>
#include <variant>

#include "handshake/merge.h"

namespace attestrd {
namespace {

Wall in_milliseconds(Wall time) { return std::chrono::floor<std::chrono::milliseconds>(time); }

std::optional<Wall> in_milliseconds(std::optional<Wall> time) {
  return time ? std::optional(in_milliseconds(*time)) : time;
}

}  // namespace

void BatchDecisions::add(SharedRow row) {
  const auto id = row.handshake.id;
  rows_.insert_or_assign(id, std::move(row));
}

SharedRow* BatchDecisions::find(const HandshakeId& id) {
  const auto found = rows_.find(id);
  return found == rows_.end() ? nullptr : &found->second;
}

std::int64_t BatchDecisions::shelf_for(const HandshakeId& id) const {
  if (shelves_.empty()) return foreign_shelf_;
  std::uint64_t hash = 0xcbf29ce484222325;  // FNV-1a, then a step of SplitMix64 to mix its bits.
  for (const char c : id.view()) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  hash = (hash ^ (hash >> 30U)) * 0xbf58476d1ce4e5b9;
  return shelves_[(hash >> 32U) % shelves_.size()];
}

std::vector<const SharedRow*> BatchDecisions::changed() const {
  std::vector<const SharedRow*> changed;
  for (const auto& [id, row] : rows_)
    if (row.is_changed) changed.push_back(&row);
  return changed;
}

std::vector<const SharedRow*> BatchDecisions::touched() const {
  std::vector<const SharedRow*> touched;
  for (const auto& [id, row] : rows_)
    if (row.is_changed || row.is_inserted) touched.push_back(&row);
  return touched;
}

Applied BatchDecisions::apply(const RowChange& what) {
  return std::visit([this](const auto& one) { return change(one); }, what);
}

Applied BatchDecisions::change(const Progress& progress) {
  auto* const row = find(progress.id);
  if (row == nullptr || row->state != RowState::polling) return Applied::wrong_state;
  if (!may_change(*row)) return Applied::not_ours;
  row->handshake.polls = progress.polls;
  row->handshake.last_pending_at = in_milliseconds(progress.last_pending_at);
  row->is_changed = true;
  return Applied::applied;
}

Applied BatchDecisions::change(const SetHeld& hold) {
  auto* const row = find(hold.id);
  if (row == nullptr || row->state != RowState::polling) return Applied::wrong_state;
  if (!may_change(*row)) return Applied::not_ours;
  row->handshake.is_held = hold.is_held;
  row->is_changed = true;
  return Applied::applied;
}

Applied BatchDecisions::change(const Stage& stage) {
  const auto& wanted = stage.handshake;
  auto* const row = find(wanted.id);
  if (row == nullptr || row->state == RowState::done) return Applied::wrong_state;
  if (row->state == RowState::staged) {
    if (!row->is_in_our_spool) return Applied::not_ours;
    return row->ending->record == wanted.record ? Applied::applied : Applied::wrong_state;
  }
  if (!may_change(*row)) return Applied::not_ours;
  stage_row(*row, wanted);
  return Applied::applied;
}

void BatchDecisions::stage_row(SharedRow& row, const StagedHandshake& staged) {
  row.state = RowState::staged;
  row.ending = staged;
  row.ending->finished_at = in_milliseconds(staged.finished_at);
  if (staged.signature) row.signature = staged.signature;
  row.is_in_our_spool = true;
  row.is_unclaimed = false;
  row.is_changed = true;
}

/// The row goes to the owner of its shelf, which may be another node by now.
Applied BatchDecisions::change(const Unstage& unstage) {
  auto* const row = find(unstage.id);
  if (row == nullptr || row->state != RowState::staged) return Applied::wrong_state;
  if (!row->is_in_our_spool) return Applied::not_ours;
  row->state = RowState::polling;
  row->ending.reset();
  row->is_in_our_spool = false;
  row->is_unclaimed = !row->is_ours;
  row->is_changed = true;
  return Applied::applied;
}

Applied BatchDecisions::change(const Done& done) {
  auto* const row = find(done.id);
  if (row == nullptr || row->state == RowState::polling) return Applied::wrong_state;
  if (row->state == RowState::done)
    return row->ending->outcome == done.outcome ? Applied::applied : Applied::wrong_state;
  if (!row->is_in_our_spool) return Applied::not_ours;
  row->state = RowState::done;
  row->diverted_to = done.diverted_to;
  row->ending->readmitted_from.clear();
  row->is_buried = row->is_changed = true;
  return Applied::applied;
}

Applied BatchDecisions::change(const Reopen& reopen) {
  if (!is_fence_ours_) return Applied::not_ours;
  auto* const row = find(reopen.id);
  if (row == nullptr || row->state == RowState::staged) return Applied::wrong_state;
  const auto attempt = row->handshake.attempt;
  if (row->state == RowState::polling)
    return attempt == reopen.attempt ? Applied::applied : Applied::wrong_state;
  if (attempt + 1 != reopen.attempt) return Applied::wrong_state;
  take_up(*row, reopen.submitted_at, reopen.boot);
  return Applied::applied;
}

Applied BatchDecisions::change(const Readmit& readmit) {
  const auto& wanted = readmit.handshake;
  auto* const row = find(wanted.id);
  if (row == nullptr || row->state == RowState::polling) return Applied::wrong_state;
  if (row->state == RowState::staged) {
    const bool is_written = row->is_in_our_spool && row->ending->record == wanted.record;
    return is_written ? Applied::applied : Applied::wrong_state;
  }
  const bool is_as_found = row->handshake.attempt + 1 == wanted.attempt;
  if (!is_as_found || row->ending->outcome == Outcome::completed) return Applied::wrong_state;
  take_up(*row, readmit.submitted_at, readmit.boot);
  stage_row(*row, wanted);
  return Applied::applied;
}

/// Makes a tombstone a row in `polling` of this owner, as a submission without an expiry.
void BatchDecisions::take_up(SharedRow& row, Wall submitted_at, std::int64_t boot) const {
  const auto& old = row.handshake;
  QueuedHandshake anew{old.id, old.tag, in_milliseconds(submitted_at), {}, {}, 0, boot, {}};
  anew.attempt = old.attempt + 1;
  row.handshake = std::move(anew);
  row.state = RowState::polling;
  row.ending.reset();
  row.diverted_to.clear();
  row.shelf = shelf_for(row.handshake.id);
  row.is_ours = !shelves_.empty();
  row.is_unclaimed = !row.is_ours;
  row.is_buried = false;
  row.is_changed = row.is_taken_up = true;
}

Acceptance BatchDecisions::accept(const Submission& submission, const QueueBatch& batch, Wall now) {
  auto* const row = find(submission.id);
  const auto expiry = in_milliseconds(submission.expiry);
  if (row == nullptr) {
    SharedRow inserted{
        {submission.id, submission.tag, in_milliseconds(now), expiry, {}, 0, batch.boot, {}}};
    inserted.shelf = shelf_for(submission.id);
    inserted.is_inserted = true;
    inserted.is_ours = !shelves_.empty();
    inserted.is_unclaimed = !inserted.is_ours;
    auto result = inserted.is_ours ? Acceptance(InsertedRow{inserted.handshake}) : RowElsewhere{};
    add(std::move(inserted));
    return result;
  }
  if (row->state != RowState::polling) return AlreadyEnded{row->ending->outcome};
  auto& handshake = row->handshake;
  const auto merge = merge_submission(handshake, submission, batch.give_up_after);
  if (const auto merged = in_milliseconds(merge.expiry); merged != handshake.expiry) {
    handshake.expiry = merged;
    row->is_changed = true;
  }
  if (!row->is_ours) return RowElsewhere{};
  return MergedRow{handshake, merge.is_tag_ignored, merge.is_expiry_bounded};
}

std::vector<std::int64_t> done_requests(const QueueBatch& batch,
                                        const std::vector<Applied>& changes) {
  std::vector<std::int64_t> done;
  for (const auto& [number, change] : batch.requests)
    if (!change || changes[*change] != Applied::not_ours) done.push_back(number);
  std::ranges::sort(done);
  return done;
}

}  // namespace attestrd
