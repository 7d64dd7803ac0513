// The repair of a database that has lost commits of this process, as after a failover to a standby
// that was behind: the round of its writer is lower than the one that it has committed. Before it
// reads or writes anything else, it enters the fleet as a new instance, whose epochs are above all
// that it has had, and writes the rows again that it has committed last. All of its rows are then
// claimed anew, since the database may have older ones.

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "queue/postgres/postgres_connection.h"
#include "queue/postgres/postgres_queue.h"
#include "queue/postgres/postgres_row_reader.h"
#include "queue/postgres/postgres_row_writer.h"
#include "queue/postgres/postgres_rows.h"

namespace attestrd {
namespace {

constexpr std::size_t kRowsAtOnce = 5'000;  // Written again by one transaction.
constexpr int kTries = 5;                   // For one, while others are in the way.

constexpr const char* kRound =
    "SELECT w.round FROM attestrd.node n JOIN attestrd.writer w ON w.node = n.number "
    "WHERE n.name = $1";

// As the guard of a batch: whoever replaces this process waits for the commit.
constexpr const char* kRaiseRound =
    "WITH done AS (UPDATE attestrd.writer SET round = round + 1 WHERE node = $1::int "
    "AND instance = $2::uuid RETURNING round) SELECT max(round), 1 / count(*) FROM done";

std::vector<HandshakeId> ids_of(std::span<const SharedRow> rows) {
  std::vector<HandshakeId> ids;
  for (const auto& row : rows) ids.push_back(row.handshake.id);
  return ids;
}

/// Returns the rows to write, given those that the database has now, and the ids of those that were
/// inserted for this. Returns nothing if it holds a row that attestrd never wrote.
std::optional<std::vector<SharedRow>> rows_to_restore(std::span<const SharedRow> remembered,
                                                      const PostgresResult& found,
                                                      const PostgresResult& inserted) {
  std::set<std::string_view> new_ids;
  for (std::size_t i = 0; i < inserted.rows(); ++i) new_ids.insert(inserted.text(i, 0));
  std::map<HandshakeId, SharedRow> present;
  for (std::size_t i = 0; i < found.rows(); ++i) {
    auto read = read_row(found, i);
    if (!read) return std::nullopt;
    const auto id = read->row.handshake.id;
    present.emplace(id, std::move(read->row));
  }
  std::vector<SharedRow> rows;
  for (const auto& row : remembered) {
    const auto& id = row.handshake.id;
    const auto now = present.find(id);
    if (now == present.end()) continue;  // Purged just now: it is old.
    if (auto wanted = restored(row, now->second, new_ids.contains(id.view())))
      rows.push_back(std::move(*wanted));
  }
  return rows;
}

}  // namespace

void PostgresQueue::note_committed(const BatchDecisions& decisions, const QueueBatch& batch,
                                   std::int64_t round) {
  round_ = std::max(round_, round);
  for (const auto* const row : decisions.touched()) remembered_.note(*row, batch.running);
}

/// Returns whether the round of this process, as a statement has read it, is lower than the one
/// that it has committed, or an earlier loss is not repaired yet.
bool PostgresQueue::is_behind(const PostgresResult& rows, int column) const {
  return is_behind_ || (rows.rows() != 0 && rows.number(0, column) < round_);
}

/// Writes lost commits again, if there are any, and returns whether there were. `rows` has the
/// round of this process; it is empty if the database does not know the process, or it was
/// replaced.
Result<bool> PostgresQueue::repair_if_behind(const PostgresResult& rows, int column) {
  if (!is_behind(rows, column) && rows.rows() != 0) return false;
  if (!is_behind_) {
    const auto is_lost = has_lost_commits();
    if (!is_lost || !*is_lost) return is_lost;
  }
  if (const auto repaired = repair(); !repaired) return repaired.error();
  return true;
}

/// Rows of nodes are never deleted, and their rounds never fall. If commits were lost, notes it: it
/// stays so until repair() is done.
Result<bool> PostgresQueue::has_lost_commits() {
  const auto found = ask({kRound, {member_.node}});
  if (!found) return found.error();
  if (found->rows() != 0 && found->number(0, 0) >= round_) return false;
  is_behind_ = true;
  auto loss = shared_member_->loss();
  ++loss.found;
  shared_member_->set_loss(loss);
  return true;
}

/// May be tried again after an error: it then begins anew.
Result<void> PostgresQueue::repair() {
  if (const auto entered = enter_after_loss(); !entered) return entered;
  const auto rows = remembered_.rows();
  std::size_t lost = 0;
  for (std::size_t at = 0; at < rows.size(); at += kRowsAtOnce) {
    const auto some = std::span(rows).subspan(at, std::min(kRowsAtOnce, rows.size() - at));
    const auto written = write_again(some);
    if (!written) return written.error();
    lost += *written;
  }
  const auto pending = ask(read_ids_of(shelves_));
  if (!pending) return pending.error();
  abandoned_.clear();
  for (std::size_t i = 0; i < pending->rows(); ++i) {
    const auto id = HandshakeId::parse(pending->text(i, 0));
    if (!id) return broken_row(*connection_);
    abandoned_.push_back(*id);
  }
  is_behind_ = false;
  auto loss = shared_member_->loss();
  loss.repaired = loss.found;
  loss.rows += lost;
  loss.missing = remembered_.missing();
  shared_member_->set_loss(loss);
  return {};
}

/// Replaces the process that the database shows for this node: it is an earlier one of this
/// program, since this one holds the lock of the spool.
Result<void> PostgresQueue::enter_after_loss() {
  const auto node = find_node(*connection_, member_.node);
  if (!node) return node.error();
  const auto instance = new_instance(*connection_);
  if (!instance) return instance.error();
  NodeProcess process = member_;
  process.instance = *instance;
  for (const auto& [shelf, epoch] : known_) process.claimed = std::max(process.claimed, epoch);
  std::optional<FormerInstance> former;
  if (*node) former = FormerInstance{(*node)->instance, std::nullopt};
  auto entered = enter_fleet(*connection_, process, former);
  if (!entered) return entered.error();
  member_ = std::move(*entered);
  round_ = member_.round;
  shared_member_->set(member_);
  next_instance_.clear();
  known_.clear();
  shelves_.clear();
  for (const auto& [shelf, epoch] : member_.shelves) {
    known_.emplace(shelf, epoch);
    shelves_.push_back(shelf);
  }
  unread_ = {{member_.shelves, ""}};
  given_.clear();
  foreign_shelf_ = 0;
  ++generation_;
  return {};
}

/// Writes rows again, in one transaction. Returns how many the database had lost.
Result<std::size_t> PostgresQueue::write_again(std::span<const SharedRow> rows) {
  const auto ids = ids_of(rows);
  std::vector<Submission> submissions;
  for (const auto& row : rows)
    submissions.push_back({row.handshake.id, row.handshake.tag, row.handshake.expiry});
  std::vector<const Submission*> pointers;
  for (const auto& submission : submissions) pointers.push_back(&submission);
  const BatchDecisions decisions(shelves_, 0, true);
  QueueBatch batch;
  batch.running = remembered_.running();
  for (int i = 0; i < kTries; ++i) {
    auto first = begin_transaction(*connection_);
    first.push_back(insert_rows(member_, batch, Wall(), pointers, decisions));
    first.push_back(read_rows(member_, ids));
    const auto found = connection_->run(first);
    if (!found && connection_->is_conflict()) continue;
    if (!found) return found.error();
    const auto changed = rows_to_restore(rows, found->back(), (*found)[found->size() - 2]);
    if (!changed) {
      connection_->roll_back();
      return broken_row(*connection_);
    }
    std::vector<const SharedRow*> written;
    for (const auto& row : *changed) written.push_back(&row);
    PostgresPipeline second;
    if (!written.empty()) second.push_back(update_rows(member_, batch, written));
    second.push_back({kRaiseRound, {std::to_string(member_.number), member_.instance}});
    second.push_back({"COMMIT"});
    const auto done = connection_->run(second);
    if (!done && connection_->is_conflict()) continue;
    if (!done) return done.error();
    round_ = std::max(round_, (*done)[done->size() - 2].number(0, 0));
    return written.size();
  }
  return fail(Errc::unavailable, "the database " + connection_->name() +
                                     ": other transactions were in the way of this one");
}

}  // namespace attestrd
