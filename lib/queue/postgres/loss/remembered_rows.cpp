#include "queue/postgres/loss/remembered_rows.h"

#include <algorithm>

namespace attestrd {
namespace {

/// Returns whether the database has an older state of a row than the one that this node committed.
bool is_older(const SharedRow& found, const SharedRow& remembered) {
  if (found.state == RowState::staged && !found.is_in_our_spool) return false;
  if (found.handshake.attempt != remembered.handshake.attempt)
    return found.handshake.attempt < remembered.handshake.attempt;
  switch (found.state) {
    case RowState::done: return false;
    case RowState::polling: return remembered.state != RowState::polling;
    case RowState::staged: break;
  }
  // Only this node changes what is staged in its spool.
  return remembered.state != RowState::staged || remembered.ending->record != found.ending->record;
}

}  // namespace

void RememberedRows::note(const SharedRow& row, Duration running) {
  const auto number = ++last_;
  const auto& id = row.handshake.id;
  order_.push_back({running, number, id});
  rows_.insert_or_assign(id, Noted{number, row});
  const auto is_old = [running](Duration noted) {
    return noted + limits::kRememberedFor < running;
  };
  while (!dropped_.empty() && is_old(dropped_.front())) dropped_.pop_front();
  while (is_old(order_.front().running)) forget_first();
  while (rows_.size() > most_) {
    const auto before = rows_.size();
    const auto noted = order_.front().running;
    forget_first();
    if (rows_.size() < before) dropped_.push_back(noted);
  }
  if (dropped_.size() > most_) dropped_.pop_front();
}

void RememberedRows::forget_first() {
  const auto row = rows_.find(order_.front().id);
  if (row != rows_.end() && row->second.number == order_.front().number) rows_.erase(row);
  order_.pop_front();
}

std::vector<SharedRow> RememberedRows::rows() const {
  std::vector<SharedRow> rows;
  rows.reserve(rows_.size());
  for (const auto& [id, noted] : rows_) rows.push_back(noted.row);
  return rows;
}

std::optional<SharedRow> restored(const SharedRow& remembered, const SharedRow& found,
                                  bool is_new) {
  if (!is_new && !is_older(found, remembered)) return std::nullopt;
  SharedRow row = remembered;
  row.shelf = found.shelf;
  row.revision = found.revision;
  row.is_changed = true;
  row.is_buried = row.state == RowState::done;
  // The time of its submission, too, must be that of the row that was lost.
  row.is_taken_up = is_new || found.handshake.attempt != remembered.handshake.attempt;
  row.is_in_our_spool = row.state != RowState::polling;
  // Whoever owns its shelf does not know it any more.
  row.is_unclaimed = row.state == RowState::polling;
  return row;
}

}  // namespace attestrd
