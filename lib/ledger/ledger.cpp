#include "ledger/ledger.h"

#include <algorithm>
#include <iterator>
#include <utility>
#include <variant>

#include "base/limits.h"
#include "inbox/inbox.h"
#include "ledger/final_error.h"
#include "ledger/ledger_notices.h"
#include "ledger/recovery.h"
#include "queue/queue.h"
#include "spool/record.h"
#include "spool/retention.h"
#include "spool/spool.h"

namespace attestrd {

// Publication. A record must appear exactly once, although a consumer may remove it the instant it
// appears and the process may die at any instruction. The order of these steps ensures that:
//
//   1. Write the record to staging/ and sync it; sync the folder. Many records are synced together.
//   2. Commit the row as staged, with the length and SHA-256 of the record. From here the handshake
//      can only end published.
//   3. Rename the record into its folder without replacing a file. This is the instant of
//      publication.
//   4. Sync the folder that the record moved to, then staging/. In the reverse order a power cut
//      could remove the name from both.
//   5. Commit the row as done.
//
// Rows and files show where a process died, and recovery resumes there:
//   - The row is polling and its record is in staging/: the process died between 1 and 2. The
//     record is dropped and Attestr is polled again.
//   - The row is staged and its record is in staging/: resume at 3.
//   - The row is staged and no record is in staging/: it was published, since only attestrd removes
//     files from staging/. Resume at 4.
//
// A readmission takes the same way, except that its row was a tombstone:
//
//   1. Write the new record to staging/ and sync it.
//   2. Commit the tombstone, unless it says completed, as a staged row that names the rejected
//      record. A process that died before left the tombstone and a record in staging/: recovery
//      drops it.
//   3. Remove the rejected record, then go on at 3. One that stays, or that a power cut brings
//      back, can't be readmitted again, since the handshake is completed.
//
// A missing record therefore proves publication only for the staging/ folder that held it. A file
// in staging/ marks the folder as used: while a row is staged, recovery refuses a staging/ without
// that file.
//
// While the disk syncs the records of a round or their moves, the records of the next round are
// written to staging/ already. That sync may have missed them. So they count as not synced, however
// few they are, until the sync of their own round; and until their rows are staged, a crash leaves
// them between 1 and 2.
//
// Intake. The rows of an inbox file are durable before the file is removed. After a crash in
// between the file is read again, and each id is still accepted only once.
//
// A round does all this for the changes that wait, with one batch of the queue. It does step 1 for
// its finishes. Then one write commits step 2, the progress of its polls, step 5 of the round
// before and the rows of its intake. Then it does steps 3 and 4, and removes the inbox files. The
// queue applies changes before submissions: an id that ends in this round and is submitted again in
// it counts as ended. An id whose record waits for the next round is merged, which comes too late
// to change how it ends.
//
// A full disk, or a shortage of descriptors or memory, undoes a round up to its batch, and a
// smaller round is tried. An unavailable queue is different: it may have committed the batch, or
// may still commit it. Rows and records must stay as they are, and nothing else is written, until
// the queue has answered to the same batch. A batch that is written twice has the effect of one
// write (see Queue::write).

namespace {

template <class T>
void append(std::vector<T>& target, std::vector<T> more) {
  std::ranges::move(more, std::back_inserter(target));
}

void note_gone(const Finish& finish, RoundReport& report) {
  report.notices.push_back(row_gone_notice(finish));
  report.settled.push_back(finish.id);
}

}  // namespace

Ledger::Ledger(Inbox& inbox, Queue& queue, Spool& spool, RoundBounds bounds)
    : queue_(queue),
      spool_(spool),
      bounds_(bounds),
      intake_(inbox),
      staging_(queue, spool, bounds_),
      reopening_(queue, spool),
      doubted_(queue, spool),
      capacity_(bounds.pending) {}

Result<std::vector<Notice>> Ledger::recover(const Boot& boot, Now now) {
  auto clocks = queue_.clocks();
  if (!clocks) return clocks.error();
  clock_ = StoredClock(std::move(*clocks), boot, now);
  std::vector<Notice> notices;
  Recovery recovery(queue_, spool_);
  auto half_done = recovery.find(now.wall, notices);
  if (!half_done) return half_done.error();
  auto& [unpublished, published] = *half_done;
  for (const auto& row : unpublished) note_unpublished(row);
  unmarked_ = published;
  if (const auto moved = publish({}); !moved) return moved.error();
  // Step 4 for the records that the process before had renamed, and maybe not synced.
  if (const auto synced = spool_.sync_moves({}); !synced) return synced.error();
  append(notices, std::move(unreported_.notices));
  unreported_ = {};

  const auto reserved = queue_.reserved();
  if (!reserved) return reserved.error();
  reserved_ = reserved->value_or(DayRequests());
  const auto pause = queue_.operator_pause();
  if (!pause) return pause.error();
  interventions_.recall(*pause);
  RoundRequest marks_alone;
  const auto marked = round(marks_alone, now);
  if (!marked) return marked.error();
  if (const auto cleared = recovery.clear_staging(notices); !cleared) return cleared.error();
  const auto counts = queue_.count();
  if (!counts) return counts.error();
  notices.push_back(recovered_notice(*counts, unpublished.size() + published.size()));
  return notices;
}

Result<std::vector<QueuedHandshake>> Ledger::claim(std::size_t max_rows) {
  const auto most = std::min(max_rows, capacity_.free());
  if (most == 0) return std::vector<QueuedHandshake>();
  auto claim = queue_.claim(most);
  if (!claim) return claim.error();
  fence_ = claim->fence;
  capacity_.add_claimed(claim->rows.size(), most);
  measure(claim->rows);
  return std::move(claim->rows);
}

/// Notes when the submissions of this boot were made, by the clock for waiting.
void Ledger::measure(std::vector<QueuedHandshake>& rows) const {
  for (auto& row : rows)
    if (row.boot != 0 && row.boot == clock_.boot())
      row.submitted = clock_.measured(row.submitted_at);
}

Result<KnownHandshake> Ledger::find(const HandshakeId& id) { return queue_.find(id); }

Result<void> Ledger::remove_kept(Outcome folder, std::span<const std::string> names, Duration keep,
                                 std::uint64_t& removed) {
  for (const auto& name : names) {
    const auto id = id_of_record(name);
    if (!id) continue;
    const auto known = queue_.find(*id);
    if (!known) return known.error();
    const auto outcome = outcome_to_remove(folder, name, *known, clock_.running(), keep);
    if (outcome && spool_.remove_kept(folder, name, record_head(*id, *outcome))) ++removed;
  }
  return {};
}

Result<std::vector<DoubtedAnswer>> Ledger::find_doubted() { return doubted_.find(); }

Result<std::vector<HandshakeId>> Ledger::find_ended(const EndedQuery& query) {
  return queue_.find_ended(query);
}

Result<RoundReport> Ledger::round(RoundRequest& request, Now now) {
  if (!begun_)
    if (const auto begun = begin(request, now); !begun) return begun.error();
  auto written = queue_.write(begun_->batch, begun_->now.wall);
  if (!written) return not_written(written.error(), request);
  auto round = std::move(*begun_);
  begun_.reset();
  auto report = end(std::move(round), std::move(*written), request.finishes);
  if (!report) return final_error(report.error());
  if (request.finishes.empty()) most_finishes_ = kNoBound;
  return report;
}

/// Does everything before the write of the batch.
Result<void> Ledger::begin(RoundRequest& request, Now now) {
  if (const auto there = spool_.check_place(); !there) return not_of_queue(there.error());
  // Publishes the records for which an earlier round found the disk full. Nothing new begins while
  // it is still full.
  if (const auto left = publish({}); !left) return not_of_queue(left.error());
  auto lost = queue_.renew();
  if (!lost) return lost.error();
  capacity_.remove_ended(lost->size());
  append(unreported_.lost, std::move(*lost));
  staging_.spare_room(most_finishes_ != kNoBound);

  auto& round = begun_.emplace(Round{});
  round.part = take_part(request);
  round.now = now;
  clock_.advance(now);
  const auto prepared = prepare(round, request.finishes);
  if (prepared) return {};
  if (is_lack_of_room(prepared.error().code))
    undo(request);
  else
    give_back(request);
  return prepared;
}

/// Moves the part that this round does out of the request: everything except the records that
/// exceed the bound of a round, so that no record waits long to be synced and published. After a
/// round that found the disk full, only a few records are moved, and the intake waits while there
/// are finishes: consumers remove what is published, and that frees disk space.
RoundRequest Ledger::take_part(RoundRequest& request) const {
  RoundRequest rest;
  auto& finishes = request.finishes;
  const bool room_is_scarce = most_finishes_ != kNoBound && !finishes.empty();
  const auto most = std::min(most_finishes_, bounds_.records);
  if (finishes.size() > most) {
    const auto end = finishes.begin() + static_cast<std::ptrdiff_t>(most);
    std::move(end, finishes.end(), std::back_inserter(rest.finishes));
    finishes.erase(end, finishes.end());
  }
  if (room_is_scarce) rest.scan_inbox = std::exchange(request.scan_inbox, std::nullopt);
  return std::exchange(request, std::move(rest));
}

/// Puts the part of the round back, ahead of the rest of the request.
void Ledger::give_back(RoundRequest& request) {
  auto part = std::move(begun_->part);
  begun_.reset();
  part.join(std::move(request));
  request = std::move(part);
}

/// Undoes all of the round, because the disk is full. The next round does less. A record that can't
/// be dropped now is dropped when its handshake is staged again.
void Ledger::undo(RoundRequest& request) {
  const auto finishes = begun_->part.finishes.size();
  if (finishes > 0) most_finishes_ = std::max<std::size_t>(1, finishes / 2);
  staging_.drop();
  reopening_.drop();
  intake_.rewind();
  give_back(request);
}

/// Does step 1 and fills the batch.
Result<void> Ledger::prepare(Round& round, std::span<Finish> next) {
  const auto& part = round.part;
  auto& batch = round.batch;
  batch.fence = fence_;
  batch.clocks = clock_.unsaved();
  batch.boot = clock_.boot();
  batch.running = clock_.running();
  batch.give_up_after = bounds_.give_up_after;
  const auto room = capacity_.has_unclaimed() ? 0 : capacity_.free();
  const auto decided = reopening_.decide(round.part, unmarked_, room, staging_.repeats());
  if (!decided) return decided;
  if (const auto staged = stage(round, next); !staged) return staged;
  if (const auto stored = doubted_.store(part.doubted); !stored) return stored;
  for (const auto& progress : part.progress) batch.changes.emplace_back(progress);
  for (const auto& done : unmarked_) batch.changes.emplace_back(done);
  reopening_.add_changes(batch, round.now.wall);
  interventions_.add_changes(part, round.now.wall, batch);
  const auto lines = capacity_.lines_to_read();
  if (part.scan_inbox && lines == 0) round.report.inbox_waits = true;
  if (part.scan_inbox && lines > 0) {
    auto submissions = intake_.read(*part.scan_inbox, round.now.mono, lines, round.report);
    if (!submissions) return not_of_queue(submissions.error());
    batch.submissions = std::move(*submissions);
  }
  batch.reserve = reservation_after(part);
  if (part.learnt) {
    batch.learnt = learnt_;
    batch.learnt->join(*part.learnt);
  }
  if (part.purge_older_than)
    batch.purge = Purge{batch.running - *part.purge_older_than, limits::kTombstonesPurgedPerRound};
  return {};
}

Result<void> Ledger::stage(Round& round, std::span<Finish> next) {
  auto& finishes = round.part.finishes;
  const auto written =
      staging_.write(finishes, reopening_.signatures(), next, round.report.notices);
  if (!written) return written.error();
  for (std::size_t i = 0; i < finishes.size(); ++i) {
    const auto& finish = finishes[i];
    const auto& record = (*written)[i];
    if (!record) {
      note_gone(finish, round.report);
      continue;
    }
    round.finishes.push_back(i);
    round.batch.changes.emplace_back(
        Stage{{finish.id, finish.outcome, finish.reason, finish.finished_at, record->fingerprint,
               finish.is_repeat ? std::nullopt : finish.signature, record->attempt}});
  }
  return reopening_.stage(round.part.readmissions, staging_.sealer(), bounds_.synced_one_by_one,
                          round.report.notices);
}

/// Returns the total that this owner reserves with the round, or nothing if the batch need not
/// change it. The engine counts in grants, the queue in totals of an owner, so that a batch may be
/// written twice.
std::optional<DayRequests> Ledger::reservation_after(const RoundRequest& part) const {
  DayRequests total = reserved_;
  if (part.reserve) {
    if (part.reserve->day != total.day) total = {part.reserve->day, 0};
    total.requests += part.reserve->requests;
  }
  if (part.give_back && part.give_back->day == total.day)
    total.requests -= std::min(total.requests, part.give_back->requests);
  if (!part.reserve && total == reserved_) return std::nullopt;
  return total;
}

/// Handles a batch that failed or got no answer. Returns the error.
Error Ledger::not_written(Error error, RoundRequest& request) {
  if (error.code == Errc::unavailable)
    begun_->may_be_written = true;
  else if (error.code == Errc::disk_full && !begun_->may_be_written)
    undo(request);
  return error;
}

/// Does everything after the write of the batch.
Result<RoundReport> Ledger::end(Round round, QueueBatchResult written, std::span<Finish> next) {
  auto& report = round.report;
  staging_.keep();
  clock_.saved();
  unmarked_.clear();
  note_staged(round, written.changes);
  for (const auto& row : reopening_.finish(round.part, written.changes, report))
    note_unpublished(row);
  interventions_.finish(round.part, round.batch, written.changes, report);
  note_reserved(round, written);
  capacity_.note_written(round.batch, written);
  if (round.batch.learnt) learnt_ = std::move(*round.batch.learnt);
  intake_.finish(round.batch.submissions, std::move(written.acceptances), report);
  measure(report.accepted);
  if (const auto claimed = claim_more(round.part, report); !claimed) return claimed.error();
  if (auto notice = capacity_.changed()) report.notices.push_back(std::move(*notice));

  const auto published = publish(next);
  if (!published && !is_lack_of_room(published.error().code)) return published.error();
  if (!staging_.trouble()) return staging_.trouble().error();
  if (const auto settled = intake_.settle(report); !settled) return settled.error();
  append(report.notices, std::exchange(unreported_.notices, {}));
  append(report.settled, std::exchange(unreported_.settled, {}));
  append(report.lost, std::exchange(unreported_.lost, {}));
  doubted_.remove(report.settled);
  return std::move(report);
}

/// Notes the rows that were staged. A row that could not be staged is not polled by this owner any
/// more, so its record is dropped.
void Ledger::note_staged(Round& round, const std::vector<Applied>& changes) {
  for (std::size_t i = 0; i < round.finishes.size(); ++i) {
    const auto& finish = round.part.finishes[round.finishes[i]];
    if (changes[i] == Applied::applied) {
      const auto& row = std::get<Stage>(round.batch.changes[i]).handshake;
      staged_.push_back({finish.id, finish.outcome, outcome_notice(finish),
                         repeat_notice(finish.id, finish.outcome, finish.is_repeat), row.attempt});
      continue;
    }
    note_gone(finish, round.report);
    // If that fails, recovery moves the record out of staging/: no row of this owner expects it.
    static_cast<void>(spool_.drop(finish.id));
  }
}

/// Notes a staged row whose record is to be published, and whose finish is not known.
void Ledger::note_unpublished(const StagedHandshake& row) {
  staged_.push_back({row.id, row.outcome, outcome_notice(row.id, row.outcome, row.reason),
                     repeat_notice(row.id, row.outcome, row.reason == Reason::replayed),
                     row.attempt, row.readmitted_from});
}

void Ledger::note_reserved(Round& round, const QueueBatchResult& written) {
  if (!written.reserved) return;
  reserved_ = *written.reserved;
  const auto& wanted = round.part.reserve;
  if (!wanted) return;
  const auto refused = round.batch.reserve->requests - reserved_.requests;
  const auto granted = wanted->requests - std::min(wanted->requests, refused);
  round.report.reserved = {wanted->day, wanted->requests, granted};
}

/// Claims rows that the request asks for, or for which the engine had no room before.
Result<void> Ledger::claim_more(const RoundRequest& part, RoundReport& report) {
  if (!part.claim && !capacity_.has_unclaimed()) return {};
  auto rows = claim(limits::kRowsClaimedPerRound);
  if (!rows) return rows.error();
  report.claimed = std::move(*rows);
  report.has_unclaimed = capacity_.has_unclaimed() && capacity_.free() > 0;
  return {};
}

/// Does steps 3 and 4 for the records whose rows are staged. If the disk is full, the records that
/// were not moved stay in `staged_`. While the moves are synced, records of `next` are written
/// ahead.
Result<void> Ledger::publish(std::span<Finish> next) {
  if (staged_.empty()) return {};
  Result<void> result;
  auto record = staged_.begin();
  for (; record != staged_.end(); ++record) {
    result = publish_one(*record);
    if (!result) break;
  }
  staged_.erase(staged_.begin(), record);
  if (!result && !is_lack_of_room(result.error().code)) return result;
  if (!result) staging_.drop_ahead();
  const auto synced = spool_.sync_moves(result ? staging_.writing_ahead(next) : Meanwhile());
  if (!synced) return synced;
  return result;
}

Result<void> Ledger::publish_one(Unpublished& record) {
  const bool is_readmitted = !record.readmitted_from.empty();
  if (is_readmitted) spool_.remove_rejected(record.readmitted_from);
  auto diverted = spool_.publish(record.id, record.outcome, record.attempt);
  if (!diverted) return diverted.error();
  unmarked_.push_back({record.id, record.outcome, *diverted ? (*diverted)->file : ""});
  if (!is_readmitted) unreported_.settled.push_back(record.id);  // The engine has none of these.
  if (*diverted) note_diverted((*diverted)->file, record.notice);
  if (record.repeat) {
    record.repeat->file = record.notice.file;
    unreported_.notices.push_back(std::move(*record.repeat));
  }
  unreported_.notices.push_back(std::move(record.notice));
  if (*diverted && (*diverted)->notice)
    unreported_.notices.push_back(std::move(*(*diverted)->notice));
  return {};
}

}  // namespace attestrd
