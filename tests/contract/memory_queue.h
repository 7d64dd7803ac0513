#pragma once

#include <algorithm>
#include <chrono>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "contract/faults.h"
#include "contract/memory_store.h"
#include "handshake/merge.h"
#include "queue/queue.h"

namespace attestrd::test {

/// A queue of one owner on a store in memory. It lives as long as a process of the owner.
class MemoryQueue final : public Queue {
 public:
  MemoryQueue(MemoryStore& store, Faults& faults, std::string owner = "node")
      : store_(store), faults_(faults), owner_(std::move(owner)), generation_(store.begin(owner_)) {
    if (const auto known = store.learnt.find(owner_); known != store.learnt.end())
      known_before_ = known->second;
  }

  std::uint64_t generation() const { return generation_; }

  Result<Claim> claim(std::size_t max_rows) override {
    if (auto reached = reach(); !reached) return reached.error();
    if (has_lost_all()) generation_ = store_.begin(owner_);
    Claim claim{Fence{generation_}, {}};
    for (const auto& [id, open] : store_.open) {
      if (claim.rows.size() == max_rows) break;
      if (!open.staged && is_ours(open) && given_.insert(id).second)
        claim.rows.push_back(shown(open.row));
    }
    return claim;
  }

  Result<std::vector<HandshakeId>> renew() override {
    if (auto reached = reach(); !reached) return reached.error();
    std::vector<HandshakeId> lost;
    for (const auto& id : given_) {
      const auto found = store_.open.find(id);
      const bool is_polling = found != store_.open.end() && !found->second.staged;
      if (is_polling && !is_ours(found->second)) lost.push_back(id);
    }
    for (const auto& id : lost) given_.erase(id);
    return lost;
  }

  Result<QueueBatchResult> write(const QueueBatch& batch, Wall now) override {
    if (faults_.writing_step()) return fail(Errc::disk_full, "the queue");
    if (auto reached = reach(); !reached) return reached.error();
    auto result = apply(batch, std::chrono::floor<std::chrono::milliseconds>(now));
    if (faults_.answering_step()) return fail(Errc::unavailable, "the answer of the queue is lost");
    faults_.step();
    return result;
  }

  Result<std::vector<StagedHandshake>> staged() override {
    if (auto reached = reach(); !reached) return reached.error();
    std::vector<StagedHandshake> staged;
    for (const auto& [id, open] : store_.open)
      if (open.staged && open.spool == owner_) staged.push_back(*open.staged);
    return staged;
  }

  Result<std::vector<std::optional<QueuedHandshake>>> find_polling(
      std::span<const HandshakeId> ids) override {
    if (auto reached = reach(); !reached) return reached.error();
    std::vector<std::optional<QueuedHandshake>> rows;
    for (const auto& id : ids) {
      const auto found = store_.open.find(id);
      const bool is_there =
          found != store_.open.end() && !found->second.staged && is_ours(found->second);
      rows.push_back(is_there ? std::optional(shown(found->second.row)) : std::nullopt);
    }
    return rows;
  }

  Result<KnownHandshake> find(const HandshakeId& id) override {
    if (const auto ended = store_.ended.find(id); ended != store_.ended.end())
      return KnownHandshake(EndedHandshake{ended->second.outcome, ended->second.finished_at,
                                           ended->second.running, ended->second.diverted_to,
                                           ended->second.tag, ended->second.attempt});
    const auto open = store_.open.find(id);
    if (open == store_.open.end()) return KnownHandshake();
    if (const auto& staged = open->second.staged)
      return KnownHandshake(EndingHandshake{staged->outcome, staged->finished_at,
                                            open->second.row.tag, open->second.row.attempt});
    return KnownHandshake(shown(open->second.row));
  }

  Result<std::vector<std::optional<HandshakeId>>> find_by_signature(
      std::span<const SignedResult> results) override {
    if (auto reached = reach(); !reached) return reached.error();
    std::vector<std::optional<HandshakeId>> others;
    for (const auto& result : results) {
      auto& other = others.emplace_back();
      const auto look_in = [&](const auto& rows) {
        for (const auto& [id, row] : rows)
          if (row.signature == result.signature && id != result.id) other = id;
      };
      look_in(store_.open);
      look_in(store_.ended);
    }
    return others;
  }

  Result<std::vector<HandshakeId>> find_ended(const EndedQuery& query) override {
    if (auto reached = reach(); !reached) return reached.error();
    std::vector<HandshakeId> ids;
    for (const auto& [id, ended] : store_.ended)
      if (ended.tag == query.tag && id.view() > query.after && ids.size() < query.max_ids)
        ids.push_back(id);
    return ids;
  }

  Result<QueueCounts> count() override {
    QueueCounts counts;
    for (const auto& [id, open] : store_.open) {
      ++(open.staged ? counts.staged : counts.polling);
      if (open.staged) continue;
      auto& oldest = counts.oldest_pending;
      const Wall submitted_at = shown(open.row).submitted_at;
      oldest = std::min(oldest.value_or(submitted_at), submitted_at);
    }
    counts.ended = store_.ended.size();
    return counts;
  }

  Result<std::vector<BootClock>> clocks() override {
    std::vector<BootClock> clocks;
    for (const auto& [number, clock] : store_.clocks) clocks.push_back(clock);
    return clocks;
  }

  Result<std::optional<Hazard>> learnt() override {
    if (store_.learnt.empty()) return std::optional<Hazard>();
    Hazard all;
    for (const auto& [owner, hazard] : store_.learnt) all.merge(hazard.delta_since(Hazard()));
    return std::optional(all);
  }

  Result<std::optional<DayRequests>> reserved() override {
    const auto found = store_.reserved.find(owner_);
    return found == store_.reserved.end() ? std::nullopt : std::optional(found->second);
  }

  Result<OperatorPause> operator_pause() override {
    if (auto reached = reach(); !reached) return reached.error();
    return store_.pause;
  }

 private:
  Result<void> reach() {
    faults_.step();
    if (faults_.reaching_step()) return fail(Errc::unavailable, "the queue can't be reached");
    return {};
  }

  bool is_ours(const MemoryStore::Open& open) const {
    return store_.owns(owner_, generation_, open);
  }

  bool has_lost_all() const {
    return std::ranges::find(store_.shelves, owner_, &MemoryStore::Shelf::owner) ==
           store_.shelves.end();
  }

  QueueBatchResult apply(const QueueBatch& batch, Wall now) {
    QueueBatchResult result;
    for (const auto& clock : batch.clocks) store_.clocks[clock.number] = clock;
    running_ = batch.running;
    const bool is_fence_ours = batch.fence.generation == generation_ && !has_lost_all();
    for (const auto& change : batch.changes)
      result.changes.push_back(
          std::visit([&](const auto& what) { return apply(what, is_fence_ours); }, change));
    for (const auto& submission : batch.submissions)
      result.acceptances.push_back(accept(submission, batch, now));
    if (batch.reserve) result.reserved = reserve(*batch.reserve, is_fence_ours);
    if (batch.learnt && is_fence_ours) {
      Hazard known = known_before_;
      known.merge(*batch.learnt);
      store_.learnt.insert_or_assign(owner_, known);
    }
    if (batch.pause) store_.pause = {in_milliseconds(batch.pause->since)};
    if (batch.purge) result.purged = purge(*batch.purge);
    return result;
  }

  Applied apply(const Progress& progress, bool is_fence_ours) {
    const auto found = store_.open.find(progress.id);
    if (found == store_.open.end() || found->second.staged) return Applied::wrong_state;
    if (!is_fence_ours || !is_ours(found->second)) return Applied::not_ours;
    found->second.row.polls = progress.polls;
    found->second.row.last_pending_at = in_milliseconds(progress.last_pending_at);
    return Applied::applied;
  }

  Applied apply(const Stage& stage, bool is_fence_ours) {
    const auto& wanted = stage.handshake;
    const auto found = store_.open.find(wanted.id);
    if (found == store_.open.end()) return Applied::wrong_state;
    auto& open = found->second;
    if (open.staged && open.spool != owner_) return Applied::not_ours;
    if (open.staged)
      return open.staged->record == wanted.record ? Applied::applied : Applied::wrong_state;
    if (!is_fence_ours || !is_ours(open)) return Applied::not_ours;
    open.staged = wanted;
    open.staged->finished_at = *in_milliseconds(wanted.finished_at);
    open.staged->attempt = open.row.attempt;
    if (wanted.signature) open.signature = wanted.signature;
    open.staged->signature = open.signature;
    open.spool = owner_;
    return Applied::applied;
  }

  Applied apply(const Unstage& unstage, bool) {
    const auto found = store_.open.find(unstage.id);
    if (found == store_.open.end() || !found->second.staged) return Applied::wrong_state;
    if (found->second.spool != owner_) return Applied::not_ours;
    found->second.staged.reset();
    return Applied::applied;
  }

  Applied apply(const Done& done, bool) {
    const auto ended = store_.ended.find(done.id);
    if (ended != store_.ended.end())
      return ended->second.outcome == done.outcome ? Applied::applied : Applied::wrong_state;
    const auto found = store_.open.find(done.id);
    if (found == store_.open.end() || !found->second.staged) return Applied::wrong_state;
    if (found->second.spool != owner_) return Applied::not_ours;
    const auto& open = found->second;
    store_.ended[done.id] = {
        open.staged->outcome, open.staged->finished_at, running_,      done.diverted_to,
        open.row.tag,         open.row.attempt,         open.signature};
    store_.open.erase(found);
    return Applied::applied;
  }

  Applied apply(const Reopen& reopen, bool is_fence_ours) {
    if (!is_fence_ours) return Applied::not_ours;
    const auto ended = store_.ended.find(reopen.id);
    if (ended == store_.ended.end()) {
      const auto open = store_.open.find(reopen.id);
      const bool is_reopened = open != store_.open.end() && !open->second.staged &&
                               open->second.row.attempt == reopen.attempt;
      return is_reopened ? Applied::applied : Applied::wrong_state;
    }
    if (ended->second.attempt + 1 != reopen.attempt) return Applied::wrong_state;
    take_up(ended, reopen.submitted_at, reopen.boot);
    given_.insert(reopen.id);
    return Applied::applied;
  }

  Applied apply(const Readmit& readmit, bool) {
    const auto& wanted = readmit.handshake;
    const auto ended = store_.ended.find(wanted.id);
    if (ended == store_.ended.end()) {
      const auto open = store_.open.find(wanted.id);
      const bool is_staged = open != store_.open.end() && open->second.staged &&
                             open->second.staged->record == wanted.record;
      return is_staged ? Applied::applied : Applied::wrong_state;
    }
    const bool is_as_found = ended->second.attempt + 1 == wanted.attempt;
    if (!is_as_found || ended->second.outcome == Outcome::completed) return Applied::wrong_state;
    auto& open = take_up(ended, readmit.submitted_at, readmit.boot);
    open.staged = wanted;
    open.staged->finished_at = *in_milliseconds(wanted.finished_at);
    if (wanted.signature) open.signature = wanted.signature;
    open.staged->signature = open.signature;
    open.spool = owner_;
    return Applied::applied;
  }

  Applied apply(const SetHeld& hold, bool is_fence_ours) {
    const auto found = store_.open.find(hold.id);
    if (found == store_.open.end() || found->second.staged) return Applied::wrong_state;
    if (!is_fence_ours || !is_ours(found->second)) return Applied::not_ours;
    found->second.row.is_held = hold.is_held;
    return Applied::applied;
  }

  /// Turns a tombstone into a row in `polling`.
  MemoryStore::Open& take_up(std::map<HandshakeId, MemoryStore::Tombstone>::iterator ended,
                             Wall submitted_at, std::int64_t boot) {
    const auto& [id, tombstone] = *ended;
    QueuedHandshake row{
        id, tombstone.tag, *in_milliseconds(submitted_at) - shift_of(boot), {}, {}, 0, boot, {}};
    row.attempt = tombstone.attempt + 1;
    MemoryStore::Open open{std::move(row), store_.shelf_for(owner_), {}, {}, tombstone.signature};
    const auto [taken_up, is_new] = store_.open.insert_or_assign(id, std::move(open));
    store_.ended.erase(ended);
    return taken_up->second;
  }

  Duration shift_of(std::int64_t boot) const {
    const auto clock = store_.clocks.find(boot);
    return clock == store_.clocks.end() ? Duration(0) : clock->second.shift;
  }

  /// Returns a row with the submission time that the shift of its boot gives.
  QueuedHandshake shown(QueuedHandshake row) const {
    row.submitted_at += shift_of(row.boot);
    return row;
  }

  Acceptance accept(const Submission& submission, const QueueBatch& batch, Wall now) {
    const auto& id = submission.id;
    const auto boot = batch.boot;
    if (const auto ended = store_.ended.find(id); ended != store_.ended.end())
      return AlreadyEnded{ended->second.outcome};
    const auto expiry = in_milliseconds(submission.expiry);
    const QueuedHandshake fresh{id, submission.tag, now - shift_of(boot), expiry, {}, 0, boot, {}};
    const auto [found, is_new] =
        store_.open.emplace(id, MemoryStore::Open{fresh, store_.shelf_for(owner_), {}, {}});
    if (const auto& staged = found->second.staged) return AlreadyEnded{staged->outcome};
    auto& row = found->second.row;
    const auto merge = merge_submission(shown(row), submission, batch.give_up_after);
    if (!is_new) row.expiry = in_milliseconds(merge.expiry);
    if (!is_ours(found->second)) return RowElsewhere{};
    given_.insert(id);
    if (is_new) return InsertedRow{shown(row)};
    return MergedRow{shown(row), merge.is_tag_ignored, merge.is_expiry_bounded};
  }

  DayRequests reserve(const DayRequests& wanted, bool is_fence_ours) {
    const auto left = store_.left_for(owner_, wanted.day);
    if (is_fence_ours) store_.reserved[owner_] = {wanted.day, std::min(wanted.requests, left)};
    const auto& held = store_.reserved[owner_];
    return held.day == wanted.day ? held : DayRequests{wanted.day, 0};
  }

  std::size_t purge(const Purge& purge) {
    std::vector<std::pair<Duration, HandshakeId>> old;
    for (const auto& [id, tombstone] : store_.ended)
      if (tombstone.running < purge.ended_before) old.emplace_back(tombstone.running, id);
    std::ranges::sort(old);
    if (old.size() > purge.max_rows)
      old.erase(old.begin() + static_cast<std::ptrdiff_t>(purge.max_rows), old.end());
    for (const auto& [time, id] : old) store_.ended.erase(id);
    return old.size();
  }

  static std::optional<Wall> in_milliseconds(std::optional<Wall> time) {
    if (time) time = std::chrono::floor<std::chrono::milliseconds>(*time);
    return time;
  }

  MemoryStore& store_;
  Faults& faults_;
  std::string owner_;
  std::uint64_t generation_;
  std::set<HandshakeId> given_;  ///< Rows in `polling` that this owner has received.
  Duration running_{0};          ///< Of the batch that is being written.
  Hazard known_before_;          ///< The hazard that this owner knew before.
};

}  // namespace attestrd::test
