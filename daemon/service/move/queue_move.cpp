#include "daemon/service/move/queue_move.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "daemon/service/fleet/fleet_database.h"
#include "daemon/service/move/queue_place.h"
#include "daemon/service/stores.h"
#include "queue/move/sqlite_move.h"
#include "queue/postgres/move/postgres_move.h"
#include "queue/postgres/postgres_schema.h"
#include "runtime/system_clock.h"

namespace attestrd {

// The order in which a queue moves. Whatever step a crash hits, each id has one owner, no daemon
// starts on the other store, and a further run completes the move.
//
//   Into the database                             Into a file
//   1. Take all locks of a daemon.                The same.
//   2. Write a mark, a new UUID, into the file,   Enter the fleet. In one transaction remove all
//      and rename it to NAME.moving, durably.     rows, and write them to NAME.moving with a mark,
//                                                 a new UUID, durably.
//   3. Enter the fleet. In one transaction        Commit the transaction: this node is dead, with
//      insert all rows: this node is dead, with   the UUID of the mark as its instance.
//      the UUID of the mark as its instance.
//      Commit it.
//   4. Rename NAME.moving to NAME.moved.          Rename NAME.moving to NAME, remove NAME.moved.
//
// The commit is the instant of the move. A run that finds NAME.moving asks the database, behind a
// barrier, whether the UUID of the mark is there (is_move_committed()). If so, step 4 is left; else
// the transaction was rolled back or will be. The answer stays right, since no process has this
// UUID as its instance, and no daemon of this spool starts before step 4: check_queue_place().
// Staged rows stay those of the spool, whose identity lies in staging/.

namespace {

constexpr std::size_t kRowsPerStep = 2000;
constexpr std::size_t kIdsShown = 10;
constexpr Duration kBeatInterval = std::chrono::seconds(1);

Error in_both(const std::vector<HandshakeId>& ids) {
  std::string names;
  for (std::size_t i = 0; i < std::min(ids.size(), kIdsShown); ++i)
    names += (i == 0 ? "" : ", ") + std::string(ids[i].view());
  return fail(Errc::invalid_input,
              "the database has " + std::to_string(ids.size()) +
                  " of the handshakes already that have not ended in the file: " + names +
                  (ids.size() > kIdsShown ? ", ..." : "") +
                  "; start the daemon with the file, and cancel them or let them end");
}

void count(const MovedRow& row, QueueMoved& moved) {
  const auto& any = row.saved.row;
  if (std::holds_alternative<QueuedHandshake>(any)) ++moved.pending;
  if (std::holds_alternative<StagedHandshake>(any)) ++moved.staged;
  if (std::holds_alternative<Tombstone>(any)) ++moved.ended;
}

/// A move of one queue, once the locks are held.
class QueueMove {
 public:
  QueueMove(const Config& config, const FleetEntry& entry, QueuePlace place, FolderSpool& spool)
      : config_(config), entry_(entry), place_(std::move(place)), spool_(spool) {}

  Result<QueueMoved> run(MoveTo to);

 private:
  Result<bool> complete_left(MoveTo to);
  Result<std::string> new_uuid();
  Result<void> enter();
  Result<void> mark_file();
  Result<QueueMoved> fill_database();
  Result<void> put_all(SqliteMove& file, QueueMoved& moved);
  Result<QueueMoved> fill_file();
  Result<void> take_all(SqliteMove& file, QueueMoved& moved);
  Result<void> beat();

  const Config& config_;
  const FleetEntry& entry_;
  QueuePlace place_;
  FolderSpool& spool_;
  std::unique_ptr<PostgresConnection> database_;
  FleetStores fleet_;                   ///< Once this process has entered.
  std::unique_ptr<PostgresMove> rows_;  ///< Likewise.
  std::string mark_;                    ///< The UUID of this move.
  Mono beaten_at_ = Mono::min();
};

Result<QueueMoved> QueueMove::run(MoveTo to) {
  auto database = fleet_database(config_, entry_.password, "attestrd queue move");
  if (!database) return database.error();
  database_ = std::move(*database);
  if (const auto server = check_postgres(*database_); !server) return server.error();
  const auto was_committed = complete_left(to);
  if (!was_committed) return was_committed.error();
  if (*was_committed) return QueueMoved{.was_committed = true};
  auto moved = to == MoveTo::database ? fill_database() : fill_file();
  if (moved) {
    if (const auto completed = place_.complete(to); !completed) return completed.error();
    return moved;
  }
  if (rows_ && rows_->is_outcome_unknown())
    return fail(moved.error().code, moved.error().message +
                                        "; the commit may have come through: run this command "
                                        "again, which completes the move");
  if (rows_) rows_->roll_back();
  if (fleet_.fleet) static_cast<void>(fleet_.fleet->leave());  // Others would notice by its beats.
  const auto is_moving = place_.has_moving();
  if (!is_moving) return is_moving.error();
  if (*is_moving) {
    const auto undone = to == MoveTo::database ? place_.undo() : place_.drop_moving();
    if (!undone) return undone.error();
  }
  return fail(moved.error().code, moved.error().message + "; nothing was moved");
}

/// Completes what an earlier run has committed, and returns whether there was any such run. A file
/// that one left otherwise gets its name back or is dropped.
Result<bool> QueueMove::complete_left(MoveTo to) {
  const auto is_moving = place_.has_moving();
  if (!is_moving || !*is_moving) return is_moving;
  std::optional<MoveMark> mark;
  {
    const auto file = SqliteMove::open(place_.moving());
    if (!file) return file.error();
    const auto found = (*file)->mark();
    if (!found) return found.error();
    mark = *found;
  }
  if (!mark) {  // The file is empty: see SqliteMove::begin().
    if (const auto dropped = place_.drop_moving(); !dropped) return dropped.error();
    return false;
  }
  if (mark->to != to)
    return fail(
        Errc::invalid_config,
        place_.moving() + " was left by a move in the other direction: complete that first");
  const auto fresh = new_uuid();
  if (!fresh) return fresh.error();
  const auto spool = spool_.identity(*fresh);
  if (!spool) return spool.error();
  const auto is_committed = is_move_committed(*database_, *spool, mark->instance);
  if (!is_committed) return is_committed.error();
  const auto done = *is_committed            ? place_.complete(to)
                    : to == MoveTo::database ? place_.undo()
                                             : place_.drop_moving();
  if (!done) return done.error();
  return *is_committed;
}

Result<std::string> QueueMove::new_uuid() { return new_instance(*database_); }

/// Enters the fleet as the node of this spool: what its daemon was committing has ended then.
Result<void> QueueMove::enter() {
  auto fleet = enter_fleet_of(config_, entry_, spool_);
  if (!fleet) return fleet.error();
  fleet_ = std::move(*fleet);
  auto connection = fleet_database(config_, entry_.password, "attestrd queue move");
  if (!connection) return connection.error();
  rows_ = std::make_unique<PostgresMove>(std::move(*connection), fleet_.queue->member());
  beaten_at_ = read_clocks().mono;
  return {};
}

/// Other nodes count this one as dead without it.
Result<void> QueueMove::beat() {
  const auto now = read_clocks().mono;
  if (now - beaten_at_ < kBeatInterval) return {};
  beaten_at_ = now;
  const auto fleet = fleet_.fleet->beat({});
  if (!fleet) return fleet.error();
  if (!*fleet) return fail(Errc::unavailable, "this node was declared dead meanwhile: try again");
  return {};
}

Result<void> QueueMove::mark_file() {
  const auto is_there = place_.has_file();
  if (!is_there) return is_there.error();
  if (!*is_there) return fail(Errc::not_found, place_.file() + ": there is no queue file to move");
  const auto file = SqliteMove::open(place_.file());
  if (!file) return file.error();
  const auto staged = (*file)->staged();
  if (!staged) return staged.error();
  // The identity of the spool must be that of the staging/ which has these records.
  if (const auto claimed = spool_.claim_staging(*staged); !claimed) return claimed;
  if (const auto marked = (*file)->set_mark({mark_, MoveTo::database}); !marked) return marked;
  return (*file)->finish();
}

Result<QueueMoved> QueueMove::fill_database() {
  auto uuid = new_uuid();
  if (!uuid) return uuid.error();
  mark_ = std::move(*uuid);
  if (const auto marked = mark_file(); !marked) return marked.error();
  if (const auto begun = place_.begin(); !begun) return begun.error();
  if (const auto entered = enter(); !entered) return entered.error();
  const auto file = SqliteMove::open(place_.moving());
  if (!file) return file.error();
  QueueMoved moved;
  if (const auto put = put_all(**file, moved); !put) return put.error();
  if (const auto finished = rows_->finish_putting(mark_); !finished) return finished.error();
  return moved;
}

Result<void> QueueMove::put_all(SqliteMove& file, QueueMoved& moved) {
  if (const auto begun = rows_->begin(); !begun) return begun;
  const auto facts = file.facts();
  if (!facts) return facts.error();
  moved.is_paused = facts->pause.since.has_value();
  if (const auto put = rows_->put_facts(*facts); !put) return put;
  std::vector<HandshakeId> others;
  for (;;) {
    const auto page = file.next(kRowsPerStep);
    if (!page) return page.error();
    if (page->empty()) break;
    const auto there = rows_->put(*page);
    if (!there) return there.error();
    others.insert(others.end(), there->begin(), there->end());
    for (const auto& row : *page) count(row, moved);
    if (const auto beaten = beat(); !beaten) return beaten;
  }
  return others.empty() ? Result<void>() : in_both(others);
}

Result<QueueMoved> QueueMove::fill_file() {
  const auto is_there = place_.has_file();
  if (!is_there) return is_there.error();
  if (*is_there)
    return fail(Errc::invalid_config,
                place_.file() +
                    ": there is a queue file already: `attestrd queue move --to "
                    "postgres` moves its rows, too; else move it away");
  auto uuid = new_uuid();
  if (!uuid) return uuid.error();
  mark_ = std::move(*uuid);
  if (const auto entered = enter(); !entered) return entered.error();
  if (const auto sole = check_sole_owner(*database_, fleet_.queue->member()); !sole)
    return sole.error();
  QueueMoved moved;
  {
    const auto file = SqliteMove::open(place_.moving());
    if (!file) return file.error();
    if (const auto taken = take_all(**file, moved); !taken) return taken.error();
  }
  if (const auto finished = rows_->finish_taking(mark_); !finished) return finished.error();
  return moved;
}

Result<void> QueueMove::take_all(SqliteMove& file, QueueMoved& moved) {
  if (const auto begun = rows_->begin(); !begun) return begun;
  const auto facts = rows_->take_facts();
  if (!facts) return facts.error();
  moved.is_paused = facts->pause.since.has_value();
  if (const auto begun = file.begin(*facts); !begun) return begun;
  if (const auto marked = file.set_mark({mark_, MoveTo::file}); !marked) return marked;
  for (;;) {
    const auto page = rows_->take(kRowsPerStep);
    if (!page) return page.error();
    if (page->empty()) break;
    for (const auto& row : *page) {
      if (const auto put = file.put(row); !put) return put;
      count(row, moved);
    }
    if (const auto beaten = beat(); !beaten) return beaten;
  }
  if (const auto committed = file.commit(); !committed) return committed;
  return file.finish();
}

}  // namespace

Result<QueueMoved> move_queue(const Config& config, const FleetEntry& entry, MoveTo to) {
  auto place = QueuePlace::open(config);
  if (!place) return place.error();
  const auto file_lock = FileLock::acquire(queue_lock_file(config).string());
  if (!file_lock) return file_lock.error();
  const auto stores = lock_spool_and_inbox(config);
  if (!stores) return stores.error();
  return QueueMove(config, entry, std::move(*place), *stores->spool).run(to);
}

}  // namespace attestrd
