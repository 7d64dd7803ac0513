#include "ledger/ledger.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/limits.h"
#include "inbox/inbox.h"
#include "ledger/ledger_notices.h"
#include "queue/queue.h"
#include "spool/spool.h"

namespace attestrd {

// Publication. A record must appear exactly once, though a consumer may take it away the instant it
// appears and the process may die at any instruction. The order that holds it so:
//
//   1. Write the record to staging/ and sync it; sync the folder. Many are synced together.
//   2. Commit the row as staged, with the record's length and SHA-256. From here the handshake can
//      only end published.
//   3. Rename the record into its folder, replacing nothing. The instant of publication.
//   4. Sync the folder that it came to, then staging/. The other way round a power cut could take
//      the name from both.
//   5. Commit the row as done.
//
// What a death leaves behind tells where to go on. Row polling, record in staging/: between 1 and
// 2; the record is dropped and Attestr asked again. Row staged, record in staging/: go on at 3. Row
// staged, no record in staging/: it was published, for nobody else takes from there; go on at 4.
//
// So a missing record tells something only of the staging/ that it was in. A file in it says that
// it is in use: while a row is staged, a staging/ without that file is none to recover from.
//
// While the disk syncs, be it the records of a round or their moves, those of the next round are
// written to staging/ already. That sync may have missed them. So they count as not synced, however
// few they are, until that of their own round; and until their rows are staged, a death finds them
// between 1 and 2.
//
// Intake. The rows of an inbox file are committed before the file is removed; a death in between
// means that it is read again, and an id is accepted once.
//
// A round does all this for what waits, with one commit: 1 for its finishes; 2 joined with the
// rows of its intake, the progress of its polls and 5 of the round before; then 3 and 4; then the
// inbox files go. Finishes come before the intake, so that an id that ends in this round and is
// submitted in it again is seen to have ended; one whose record waits for the next round is merged,
// which comes too late to change its end.

namespace {

template <class T>
void append(std::vector<T>& target, std::vector<T> more) {
  std::ranges::move(more, std::back_inserter(target));
}

}  // namespace

void RoundRequest::join(RoundRequest later) {
  scan_inbox |= later.scan_inbox;
  if (later.purge_older_than) purge_older_than = later.purge_older_than;
  append(finishes, std::move(later.finishes));
  append(progress, std::move(later.progress));
  if (later.hazard) hazard = std::move(later.hazard);
  if (later.reservation) reservation = later.reservation;
}

Ledger::Ledger(Inbox& inbox, Queue& queue, Spool& spool, RoundBounds bounds)
    : inbox_(inbox), queue_(queue), spool_(spool), bounds_(bounds) {}

Result<KnownHandshake> Ledger::find(const HandshakeId& id) { return queue_.find(id); }

Result<RoundReport> Ledger::round(RoundRequest& request, Wall now) {
  if (const auto there = spool_.check_place(); !there) return there.error();
  // What the round before found no room for. While there is none, nothing new begins.
  if (const auto left = publish({}); !left) return left.error();

  RoundRequest part = take_part(request);
  RoundReport report;
  if (const auto written = write_down(part, request.finishes, now, report); !written) {
    if (written.error().code == Errc::disk_full) {
      undo();
      give_back(std::move(part), request);
    }
    return written.error();
  }
  unmarked_.clear();
  const auto published = publish(request.finishes);
  if (!published && published.error().code != Errc::disk_full) return published.error();
  if (!ahead_trouble_) return ahead_trouble_.error();
  if (part.scan_inbox) {
    auto settlement = inbox_.settle();
    if (!settlement) return settlement.error();
    append(report.notices, std::move(settlement->notices));
    report.inbox_waits |= settlement->waits;
  }
  append(report.notices, std::exchange(published_.notices, {}));
  append(report.settled, std::exchange(published_.settled, {}));
  if (request.finishes.empty()) most_finishes_ = kNoBound;
  return report;
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

/// Of a part that found no room: the next one asks for less.
void Ledger::give_back(RoundRequest part, RoundRequest& request) {
  if (!part.finishes.empty()) most_finishes_ = std::max<std::size_t>(1, part.finishes.size() / 2);
  part.join(std::move(request));
  request = std::move(part);
}

/// All up to the commit, which it ends with.
Result<void> Ledger::write_down(const RoundRequest& request, const std::vector<Finish>& next,
                                Wall now, RoundReport& report) {
  if (const auto begun = queue_.begin(); !begun) return begun;
  // What was written ahead is not synced, however few records there are now.
  const bool are_few = request.finishes.size() <= bounds_.synced_one_by_one && ahead_.empty();
  const auto how = are_few ? Staging::one_by_one : Staging::together;
  if (const auto staged = stage(request.finishes, how, report); !staged) return staged;
  if (const auto synced = sync(how, next); !synced) return synced;
  if (const auto noted = note_progress(request.progress); !noted) return noted;
  if (request.hazard)
    if (const auto saved = queue_.save_hazard(*request.hazard); !saved) return saved;
  if (request.reservation)
    if (const auto saved = queue_.save_reserved(*request.reservation); !saved) return saved;
  report.reserved = request.reservation;
  if (request.scan_inbox)
    if (const auto taken = take_in(now, report); !taken) return taken;
  if (const auto marked = mark_published(); !marked) return marked;
  if (request.purge_older_than) {
    const auto purged =
        queue_.purge_tombstones(now - *request.purge_older_than, limits::kTombstonesPurgedPerRound);
    if (!purged) return purged.error();
  }
  return queue_.commit();
}

Result<void> Ledger::note_progress(const std::vector<Progress>& progress) {
  for (const auto& [id, polls, last_pending_at] : progress) {
    // A row that is not polled any more has no use for it.
    const auto updated = queue_.update_progress(id, polls, last_pending_at);
    if (!updated) return updated.error();
  }
  return {};
}

Result<void> Ledger::take_in(Wall now, RoundReport& report) {
  auto scan = inbox_.scan(limits::kIntakeLinesPerRound, now);
  if (!scan) return scan.error();
  report.inbox_scanned = true;
  report.inbox_has_more = scan->has_more;
  report.inbox_waits = scan->waits;
  std::size_t submissions = 0;
  for (const auto& slice : scan->slices) submissions += slice.submissions.size();
  report.accepted.reserve(submissions);
  for (const auto& slice : scan->slices)
    if (const auto taken = take_in(slice, now, report); !taken) return taken;
  append(report.notices, std::move(scan->notices));
  return {};
}

Result<void> Ledger::take_in(const InboxSlice& slice, Wall now, RoundReport& report) {
  IntakeNotices notices(slice.file);
  for (const auto& submission : slice.submissions) {
    auto acceptance = queue_.accept(submission, now);
    if (!acceptance) return acceptance.error();
    notices.add(submission.id, acceptance->kind);
    if (acceptance->kind != Acceptance::Kind::already_ended)
      report.accepted.push_back(std::move(acceptance->row));
  }
  notices.finish(report.notices);
  return {};
}

Result<void> Ledger::mark_published() {
  for (const auto& id : unmarked_) {
    const auto marked = queue_.mark_done(id);
    if (!marked) return marked.error();
  }
  return {};
}

/// Makes it so that nothing of this round happened. Only for a full disk: of a commit that failed
/// in another way nobody knows whether it holds, so that staging/ must stay as it is.
void Ledger::undo() {
  queue_.rollback();
  inbox_.rewind();
  // A record that stays behind is dropped when the handshake is staged again, or at recovery.
  for (const auto& staged : std::exchange(staged_, {})) static_cast<void>(spool_.drop(staged.id));
  drop_ahead();
}

/// Steps 3 and 4, for records whose rows are committed. On a full disk those that were not moved
/// stay in staged_. While the moves are synced, records of the next round are written.
Result<void> Ledger::publish(const std::vector<Finish>& next_round) {
  if (staged_.empty()) return {};
  Result<void> result;
  auto next = staged_.begin();
  for (; next != staged_.end(); ++next) {
    auto conflict = spool_.publish(next->id, next->outcome);
    if (!conflict) {
      result = conflict.error();
      break;
    }
    unmarked_.push_back(next->id);
    published_.settled.push_back(next->id);
    published_.notices.push_back(std::move(next->notice));
    if (*conflict) published_.notices.push_back(std::move(**conflict));
  }
  staged_.erase(staged_.begin(), next);
  if (!result && result.error().code != Errc::disk_full) return result;
  if (!result) drop_ahead();
  const auto synced = spool_.sync_moves(result ? writing_ahead(next_round) : Meanwhile());
  if (!synced) return synced;
  return result;
}

}  // namespace attestrd
