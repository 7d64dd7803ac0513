// The claims of PostgresQueue: which shelves belong to this process, and which of their rows it has
// been given.

#include <algorithm>
#include <iterator>
#include <utility>

#include "queue/postgres/postgres_connection.h"
#include "queue/postgres/postgres_queue.h"
#include "queue/postgres/postgres_row_reader.h"
#include "queue/postgres/postgres_rows.h"

namespace attestrd {
namespace {

constexpr const char* kOwnShelves =
    "SELECT n.alive, s.shelf, s.epoch, w.round FROM attestrd.node n "
    "JOIN attestrd.writer w ON w.node = n.number "
    "LEFT JOIN attestrd.shelf s ON s.instance = n.instance "
    "WHERE n.name = $1 AND n.instance = $2::uuid";

}  // namespace

/// Returns the shelves of this process, whether it lives, and its round; no row if another process
/// has replaced it. If the database has lost commits of it, it has written them again before.
Result<PostgresResult> PostgresQueue::own_shelves() {
  if (const auto entered = finish_entering(); !entered) return entered.error();
  auto own = ask({kOwnShelves, {member_.node, member_.instance}});
  if (!own) return own;
  const auto is_repaired = repair_if_behind(*own, 3);
  if (!is_repaired) return is_repaired.error();
  if (!*is_repaired) return own;
  return ask({kOwnShelves, {member_.node, member_.instance}});
}

Result<Claim> PostgresQueue::claim(std::size_t max_rows) {
  if (const auto entered = finish_entering(); !entered) return entered.error();
  if (const auto noted = note_given(); !noted) return noted.error();
  if (const auto found = find_shelves(); !found) return found.error();
  Claim claim{Fence{generation_}, {}};
  // After a repair, rows are lost first, and given again then: a loss that is reported later would
  // take away what is given now.
  if (!abandoned_.empty()) return claim;
  if (const auto read = read_pages(claim, max_rows); !read) return read.error();
  if (unread_.empty() && claim.rows.size() < max_rows)
    if (const auto read = read_left_rows(claim, max_rows - claim.rows.size()); !read)
      return read.error();
  return claim;
}

/// Finds out which shelves this process has. One that was declared dead, or has none left, enters
/// anew.
Result<void> PostgresQueue::find_shelves() {
  const auto own = own_shelves();
  if (!own) return own.error();
  if (own->rows() == 0)
    return fail(Errc::io_failure, "another process has entered the fleet as the node " +
                                      member_.node + ": this one must end");
  if (!own->flag(0, 0) || own->is_null(0, 1)) {
    auto instance = new_instance(*connection_);
    if (!instance) return instance.error();
    next_instance_ = std::move(*instance);
    return finish_entering();
  }
  Unread found;
  for (std::size_t i = 0; i < own->rows(); ++i) {
    const ShelfLease lease{own->number(i, 1), own->number(i, 2)};
    // One that was lost and comes back is known again once renew() has reported its rows.
    if (known_.emplace(lease.shelf, lease.epoch).second) found.shelves.push_back(lease);
  }
  if (!found.shelves.empty()) unread_.push_back(std::move(found));
  return {};
}

/// Enters the fleet as a new instance, if it must. Shelves that it still has stay as they are, with
/// their new epochs; a new generation of ownership begins only if it has lost all.
Result<void> PostgresQueue::finish_entering() {
  if (next_instance_.empty()) return {};
  const auto is_lost = has_lost_commits();
  if (!is_lost) return is_lost.error();
  if (*is_lost) return repair();
  NodeProcess process = member_;
  process.instance = next_instance_;
  auto entered = enter_fleet(*connection_, process, FormerInstance{member_.instance, std::nullopt});
  if (!entered) return entered.error();
  next_instance_.clear();
  member_ = std::move(*entered);
  round_ = member_.round;
  shared_member_->set(member_);
  Unread found;
  shelves_.clear();
  bool has_kept_any = false;
  for (const auto& lease : member_.shelves) {
    shelves_.push_back(lease.shelf);
    const auto [known, is_new] = known_.emplace(lease.shelf, lease.epoch);
    if (is_new) found.shelves.push_back(lease);
    if (is_new || known->second + 1 != lease.epoch) continue;
    known->second = lease.epoch;
    has_kept_any = true;
    for (auto& unread : unread_)
      for (auto& part : unread.shelves)
        if (part.shelf == lease.shelf) part.epoch = lease.epoch;
  }
  if (!found.shelves.empty()) unread_.push_back(std::move(found));
  if (!has_kept_any) ++generation_;
  return {};
}

/// Removes the marks of the rows that the claim before has given: it has been answered.
Result<void> PostgresQueue::note_given() {
  if (given_.empty()) return {};
  std::ranges::sort(given_);
  auto pipeline = begin_transaction(*connection_);
  pipeline.push_back(note_claimed(member_, given_));
  pipeline.push_back({"COMMIT"});
  if (const auto noted = connection_->run(pipeline); !noted) return noted.error();
  given_.clear();
  return {};
}

Result<void> PostgresQueue::read_pages(Claim& claim, std::size_t max_rows) {
  while (!unread_.empty() && claim.rows.size() < max_rows) {
    const auto is_read = read_page(unread_.front(), claim, max_rows - claim.rows.size());
    if (!is_read) return is_read.error();
    if (*is_read) unread_.erase(unread_.begin());
  }
  return {};
}

/// Reads the next rows of shelves in the order of ids. Rows are spread evenly over shelves, so
/// somewhat more than the even part of a page is read of each. The page ends where a shelf may have
/// more rows than were read. Returns whether all rows have been read.
Result<bool> PostgresQueue::read_page(Unread& unread, Claim& claim, std::size_t most) {
  const auto of_each = most / unread.shelves.size() * 2 + 8;
  const auto rows = ask(read_shelves(member_, unread.shelves, unread.after, of_each));
  if (!rows) return rows.error();
  std::vector<ReadRow> read;
  std::map<std::int64_t, std::pair<std::size_t, HandshakeId>> last;  // Count and last id, by shelf.
  for (std::size_t i = 0; i < rows->rows(); ++i) {
    auto row = read_row(*rows, i);
    if (!row) return broken_row(*connection_);
    const auto& id = row->row.handshake.id;
    const auto [seen, is_first] = last.try_emplace(row->row.shelf, std::pair(0U, id));
    seen->second = {seen->second.first + 1, id};
    read.push_back(std::move(*row));
  }
  std::optional<HandshakeId> end;
  for (const auto& [shelf, seen] : last)
    if (seen.first == of_each && (!end || seen.second < *end)) end = seen.second;
  for (auto& row : read) {
    if (most-- == 0 || (end && row.row.handshake.id > *end)) return false;
    unread.after = row.row.handshake.id.view();
    give(std::move(row), claim);
  }
  return !end;
}

void PostgresQueue::give(ReadRow read, Claim& claim) {
  if (read.row.is_unclaimed) given_.push_back(read.row.handshake.id);
  claim.rows.push_back(std::move(read.row.handshake));
}

/// Reads the rows that other nodes have put into shelves of this one.
Result<void> PostgresQueue::read_left_rows(Claim& claim, std::size_t most) {
  const auto rows = ask(read_unclaimed(member_, most + given_.size()));
  if (!rows) return rows.error();
  const std::vector<HandshakeId> before = given_;
  for (std::size_t i = 0; i < rows->rows(); ++i) {
    auto row = read_row(*rows, i);
    if (!row) return broken_row(*connection_);
    const bool is_given = std::ranges::find(before, row->row.handshake.id) != before.end();
    if (!is_given && is_ours(*row) && most-- != 0) give(std::move(*row), claim);
  }
  return {};
}

Result<std::vector<HandshakeId>> PostgresQueue::renew() {
  const auto own = own_shelves();
  if (!own) return own.error();
  auto lost = known_;
  for (std::size_t i = 0; i < own->rows(); ++i) {
    const auto known = lost.find(own->number(i, 1));
    if (known != lost.end() && known->second == own->number(i, 2)) lost.erase(known);
  }
  if (lost.empty()) return std::exchange(abandoned_, {});
  std::vector<HandshakeId> ids;
  std::vector<std::int64_t> shelves;
  for (const auto& [shelf, epoch] : lost) shelves.push_back(shelf);
  const auto rows = ask(read_ids_of(shelves));
  if (!rows) return rows.error();
  for (std::size_t i = 0; i < rows->rows(); ++i) {
    const auto id = HandshakeId::parse(rows->text(i, 0));
    if (!id) return broken_row(*connection_);
    ids.push_back(*id);
  }
  for (const auto shelf : shelves) {
    known_.erase(shelf);
    std::erase(shelves_, shelf);
  }
  std::ranges::move(std::exchange(abandoned_, {}), std::back_inserter(ids));
  return ids;
}

}  // namespace attestrd
