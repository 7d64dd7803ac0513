#include "ledger/ledger.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/limits.h"
#include "inbox/inbox.h"
#include "ledger/final_error.h"
#include "ledger/ledger_notices.h"
#include "ledger/recovery.h"
#include "queue/queue.h"
#include "spool/spool.h"

namespace attestrd {

// Publication. A record must appear exactly once, though a consumer may take it away the instant it
// appears and the process may die at any instruction. The order of steps ensures that:
//
//   1. Write the record to staging/ and sync it; sync the folder. Many are synced together.
//   2. Write the row as staged, with the record's length and SHA-256. From here the handshake can
//      only end published.
//   3. Rename the record into its folder, replacing nothing. The instant of publication.
//   4. Sync the folder that it came to, then staging/. The other way round a power cut could take
//      the name from both.
//   5. Write the row as done.
//
// Rows and files show where a process died, and recovery goes on there. Row polling, record in
// staging/: between 1 and 2; the record is dropped and Attestr is asked again. Row staged, record
// in staging/: go on at 3. Row staged, no record in staging/: it was published, since nobody but us
// removes files from staging/; go on at 4.
//
// So a missing record proves something only of the staging/ that it was in. A file in staging/
// marks it as used: while a row is staged, a staging/ without that file is not recovered from.
//
// While the disk syncs, be it the records of a round or their moves, those of the next round are
// written to staging/ already. That sync may have missed them. So they count as not synced, however
// few they are, until the sync of their own round; and until their rows are staged, a crash leaves
// them between 1 and 2.
//
// Intake. The rows of an inbox file are durable before the file is removed; a crash in between
// means that it is read again, and an id is accepted once.
//
// A round does all this for what waits, with one batch of the queue: 1 for its finishes; then one
// write of 2, the progress of its polls, 5 of the round before and the rows of its intake; then 3
// and 4; then the inbox files are removed. The queue applies changes before submissions, so that an
// id that ends in this round and is submitted in it again is seen to have ended; one whose record
// waits for the next round is merged, which comes too late to change its end.
//
// A full disk undoes a round up to its batch, and a smaller one is tried. But a queue that is
// unavailable may have made the batch durable or not, and may still do so: rows and records must
// stay as they are, and nothing else is written, until the queue has answered to the same batch. A
// batch that is written twice is written once (see Queue::write).

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
      staging_(queue, spool, bounds_) {}

Result<std::vector<Notice>> Ledger::recover(Wall now) {
  std::vector<Notice> notices;
  Recovery recovery(queue_, spool_);
  auto half_done = recovery.find(now, notices);
  if (!half_done) return half_done.error();
  auto& [unpublished, published] = *half_done;
  for (const auto& row : unpublished)
    staged_.push_back({row.id, row.outcome, outcome_notice(row.id, row.outcome, row.reason)});
  unmarked_ = published;
  if (const auto moved = publish({}); !moved) return moved.error();
  // Step 4 for those that the process before had renamed, and maybe not synced.
  if (const auto synced = spool_.sync_moves({}); !synced) return synced.error();
  append(notices, std::move(unreported_.notices));
  unreported_ = {};

  const auto reserved = queue_.reserved();
  if (!reserved) return reserved.error();
  reserved_ = reserved->value_or(DayRequests());
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
  auto claim = queue_.claim(max_rows);
  if (!claim) return claim.error();
  fence_ = claim->fence;
  return std::move(claim->rows);
}

Result<KnownHandshake> Ledger::find(const HandshakeId& id) { return queue_.find(id); }

Result<RoundReport> Ledger::round(RoundRequest& request, Wall now) {
  if (!begun_)
    if (const auto begun = begin(request, now); !begun) return begun.error();
  auto written = queue_.write(begun_->batch, begun_->now);
  if (!written) return not_written(written.error(), request);
  auto round = std::move(*begun_);
  begun_.reset();
  auto report = end(std::move(round), std::move(*written), request.finishes);
  if (!report) return final_error(report.error());
  if (request.finishes.empty()) most_finishes_ = kNoBound;
  return report;
}

/// All up to the batch.
Result<void> Ledger::begin(RoundRequest& request, Wall now) {
  if (const auto there = spool_.check_place(); !there) return not_of_queue(there.error());
  // What the round before found no room for. While there is none, nothing new begins.
  if (const auto left = publish({}); !left) return not_of_queue(left.error());
  auto lost = queue_.renew();
  if (!lost) return lost.error();
  append(unreported_.lost, std::move(*lost));
  staging_.spare_room(most_finishes_ != kNoBound);

  auto& round = begun_.emplace(Round{});
  round.part = take_part(request);
  round.now = now;
  const auto prepared = prepare(round, request.finishes);
  if (prepared) return {};
  if (prepared.error().code == Errc::disk_full)
    undo(request);
  else
    give_back(request);
  return prepared;
}

/// Takes out of the request what this round is to do: all of it, but for the records that are too
/// many for one round, so that none waits long to be synced and published. After a round that found
/// no room on the disk only a few records are taken, and the intake waits for its turn: what is
/// published will be taken away, and that makes room for more.
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
  if (room_is_scarce) rest.scan_inbox = std::exchange(request.scan_inbox, false);
  return std::exchange(request, std::move(rest));
}

/// Puts the part of the round back, ahead of what is left of the request.
void Ledger::give_back(RoundRequest& request) {
  auto part = std::move(begun_->part);
  begun_.reset();
  part.join(std::move(request));
  request = std::move(part);
}

/// Makes it so that nothing of the round happened: there is no room for it. The next one asks for
/// less. A record that can't be dropped now is dropped when its handshake is staged again.
void Ledger::undo(RoundRequest& request) {
  const auto finishes = begun_->part.finishes.size();
  if (finishes > 0) most_finishes_ = std::max<std::size_t>(1, finishes / 2);
  staging_.drop();
  intake_.rewind();
  give_back(request);
}

/// Step 1, and the batch.
Result<void> Ledger::prepare(Round& round, const std::vector<Finish>& next) {
  const auto& part = round.part;
  auto& batch = round.batch;
  batch.fence = fence_;
  if (const auto staged = stage(round, next); !staged) return staged;
  for (const auto& progress : part.progress) batch.changes.emplace_back(progress);
  for (const auto& done : unmarked_) batch.changes.emplace_back(done);
  if (part.scan_inbox) {
    auto submissions = intake_.read(round.now, round.report);
    if (!submissions) return not_of_queue(submissions.error());
    batch.submissions = std::move(*submissions);
  }
  batch.reserve = reservation_after(part);
  if (part.learnt) {
    batch.learnt = learnt_;
    batch.learnt->join(*part.learnt);
  }
  if (part.purge_older_than)
    batch.purge = Purge{round.now - *part.purge_older_than, limits::kTombstonesPurgedPerRound};
  return {};
}

Result<void> Ledger::stage(Round& round, const std::vector<Finish>& next) {
  const auto& finishes = round.part.finishes;
  const auto fingerprints = staging_.write(finishes, next, round.report.notices);
  if (!fingerprints) return fingerprints.error();
  for (std::size_t i = 0; i < finishes.size(); ++i) {
    const auto& finish = finishes[i];
    const auto& fingerprint = (*fingerprints)[i];
    if (!fingerprint) {
      note_gone(finish, round.report);
      continue;
    }
    round.finishes.push_back(i);
    round.batch.changes.emplace_back(
        Stage{{finish.id, finish.outcome, finish.reason, finish.finished_at, *fingerprint}});
  }
  return {};
}

/// What this owner is to have reserved after a round. The engine counts in grants, the queue in
/// totals of an owner, so that a batch may be written twice.
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

/// The batch got no answer, or a bad one.
Error Ledger::not_written(Error error, RoundRequest& request) {
  if (error.code == Errc::unavailable)
    begun_->may_be_written = true;
  else if (error.code == Errc::disk_full && !begun_->may_be_written)
    undo(request);
  return error;
}

/// All after the batch.
Result<RoundReport> Ledger::end(Round round, QueueBatchResult written,
                                const std::vector<Finish>& next) {
  auto& report = round.report;
  staging_.keep();
  unmarked_.clear();
  note_staged(round, written.changes);
  note_granted(round, written);
  if (round.batch.learnt) learnt_ = std::move(*round.batch.learnt);
  intake_.finish(round.batch.submissions, std::move(written.acceptances), report);

  const auto published = publish(next);
  if (!published && published.error().code != Errc::disk_full) return published.error();
  if (!staging_.trouble()) return staging_.trouble().error();
  if (const auto settled = intake_.settle(report); !settled) return settled.error();
  append(report.notices, std::exchange(unreported_.notices, {}));
  append(report.settled, std::exchange(unreported_.settled, {}));
  append(report.lost, std::exchange(unreported_.lost, {}));
  return std::move(report);
}

/// A row that could not be staged is not polled by this owner any more, so its record is dropped.
void Ledger::note_staged(Round& round, const std::vector<Applied>& changes) {
  for (std::size_t i = 0; i < round.finishes.size(); ++i) {
    const auto& finish = round.part.finishes[round.finishes[i]];
    if (changes[i] == Applied::applied) {
      staged_.push_back({finish.id, finish.outcome, outcome_notice(finish)});
      continue;
    }
    note_gone(finish, round.report);
    // A record that stays behind is dropped at recovery, as one that no row knows.
    static_cast<void>(spool_.drop(finish.id));
  }
}

void Ledger::note_granted(Round& round, const QueueBatchResult& written) {
  if (!written.reserved) return;
  reserved_ = *written.reserved;
  const auto& wanted = round.part.reserve;
  if (!wanted) return;
  const auto refused = round.batch.reserve->requests - reserved_.requests;
  round.report.granted = {wanted->day, wanted->requests - std::min(wanted->requests, refused)};
}

/// Steps 3 and 4, for records whose rows are staged. On a full disk those that were not moved stay
/// in staged_. While the moves are synced, records of the next round are written.
Result<void> Ledger::publish(const std::vector<Finish>& next) {
  if (staged_.empty()) return {};
  Result<void> result;
  auto record = staged_.begin();
  for (; record != staged_.end(); ++record) {
    auto conflict = spool_.publish(record->id, record->outcome);
    if (!conflict) {
      result = conflict.error();
      break;
    }
    unmarked_.push_back({record->id, record->outcome});
    unreported_.settled.push_back(record->id);
    unreported_.notices.push_back(std::move(record->notice));
    if (*conflict) unreported_.notices.push_back(std::move(**conflict));
  }
  staged_.erase(staged_.begin(), record);
  if (!result && result.error().code != Errc::disk_full) return result;
  if (!result) staging_.drop_ahead();
  const auto synced = spool_.sync_moves(result ? staging_.writing_ahead(next) : Meanwhile());
  if (!synced) return synced;
  return result;
}

}  // namespace attestrd
