#include "ledger/staging.h"

#include <algorithm>
#include <span>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "base/check.h"
#include "ledger/final_error.h"
#include "queue/queue.h"
#include "spool/record.h"
#include "spool/spool.h"

namespace attestrd {
namespace {

/// The number of rows that are read at once for the records that are written ahead.
constexpr std::size_t kRowsPerLookUp = 64;

/// The entries of the queue for some finishes: one for each.
struct Known {
  std::vector<std::optional<QueuedHandshake>> rows;
  std::vector<bool> are_repeats;  ///< Another handshake has the signature.
};

Result<Known> look_up(Queue& queue, std::span<const Finish> finishes) {
  std::vector<HandshakeId> ids;
  std::vector<SignedResult> results;
  ids.reserve(finishes.size());
  results.reserve(finishes.size());
  for (const auto& finish : finishes) {
    ids.push_back(finish.id);
    if (finish.signature) results.push_back({finish.id, *finish.signature});
  }
  Known known{{}, std::vector<bool>(finishes.size())};
  if (ids.empty()) return known;
  auto rows = queue.find_polling(ids);
  if (!rows) return rows.error();
  known.rows = std::move(*rows);
  if (results.empty()) return known;
  const auto others = queue.find_by_signature(results);
  if (!others) return others.error();
  auto other = others->begin();
  for (std::size_t i = 0; i < finishes.size(); ++i)
    if (finishes[i].signature) known.are_repeats[i] = (other++)->has_value();
  return known;
}

}  // namespace

Result<std::vector<std::optional<Staging::Record>>> Staging::write(
    std::span<Finish> finishes, std::span<const SignedResult> readmitted, std::span<Finish> next,
    std::vector<Notice>& notices) {
  ATTESTRD_CHECK(ahead_.size() <= finishes.size());
  // The rows are read before anything is written: the queue may be unavailable.
  const auto known = look_up(queue_, finishes.subspan(ahead_.size()));
  if (!known) return known.error();
  // Records that were written ahead are not synced yet, however few records there are now.
  const bool are_few = finishes.size() <= bounds_.synced_one_by_one && ahead_.empty();
  const auto how = are_few ? RecordSync::one_by_one : RecordSync::together;

  const auto ahead = std::exchange(ahead_, {});
  for (const auto& record : ahead) written_.push_back(record.id);
  signatures_.clear();
  for (const auto& result : readmitted) signatures_.emplace(result.signature, result.id);
  std::vector<std::optional<Record>> records;
  records.reserve(finishes.size());
  std::unordered_set<std::string_view> ids;
  for (std::size_t i = 0; i < finishes.size(); ++i) {
    const bool is_first = ids.insert(finishes[i].id.view()).second;
    if (i < ahead.size()) {
      ATTESTRD_CHECK(is_first && ahead[i].id == finishes[i].id);
      note_signature(finishes[i]);
      records.emplace_back(ahead[i]);
      continue;
    }
    const auto& row = known->rows[i - ahead.size()];
    if (!row || !is_first) {
      records.emplace_back();
      continue;
    }
    judge(finishes[i], known->are_repeats[i - ahead.size()]);
    const auto written = write_one(finishes[i], *row, how, notices);
    if (!written) return written.error();
    records.emplace_back(*written);
  }
  if (written_.empty()) return records;
  if (const auto synced = spool_.sync_staging(how, writing_ahead(next)); !synced)
    return not_of_queue(synced.error());
  return records;
}

void Staging::judge(Finish& finish, bool is_in_queue) {
  if (!finish.signature) return;
  const auto first = signatures_.find(*finish.signature);
  const bool is_on_its_way = first != signatures_.end() && first->second != finish.id;
  judge_repeat(finish, is_in_queue || is_on_its_way, repeats_);
  note_signature(finish);
}

/// Notes whose signature it is. A repeat does not make it its own.
void Staging::note_signature(const Finish& finish) {
  if (finish.signature && !finish.is_repeat) signatures_.emplace(*finish.signature, finish.id);
}

Result<Staging::Record> Staging::write_one(const Finish& finish, const QueuedHandshake& row,
                                           RecordSync how, std::vector<Notice>& notices) {
  const auto record = write_record(finish, row.tag, row.submitted_at, sealer());
  if (!record) return not_of_queue(record.error());
  written_.push_back(finish.id);  // First, so that drop() removes it after any error below.
  auto in_the_way = spool_.stage(finish.id, *record, how);
  if (!in_the_way) return not_of_queue(in_the_way.error());
  if (*in_the_way) notices.push_back(std::move(**in_the_way));
  return Record{finish.id, fingerprint_of(*record), row.attempt};
}

/// The finishes that are written ahead during one sync, and what the queue has of a page of them.
/// The page stays valid, since no row changes during a sync.
class Staging::Ahead {
 public:
  Ahead(Staging& staging, std::span<Finish> finishes) : staging_(staging), finishes_(finishes) {}

  /// Writes one record. Returns whether there is more to write.
  bool write_next() {
    if (is_over_) return false;
    const auto written = write(staging_.ahead_.size());
    if (!written && written.error().code != Errc::unavailable) staging_.trouble_ = written.error();
    is_over_ = !written || !*written || staging_.ahead_.size() >= finishes_.size();
    return !is_over_;
  }

 private:
  Result<bool> write(std::size_t index) {
    if (index >= first_row_ + known_.rows.size() || known_.rows.empty()) {
      const auto left = finishes_.size() - index;
      const auto page = finishes_.subspan(index, std::min(left, kRowsPerLookUp));
      auto known = look_up(staging_.queue_, page);
      // The round of these finishes reads their rows again, and waits for disk space if it must.
      if (!known && known.error().code == Errc::disk_full) return false;
      if (!known) return known.error();
      known_ = std::move(*known);
      first_row_ = index;
    }
    const auto& row = known_.rows[index - first_row_];
    if (!row) return false;
    staging_.judge(finishes_[index], known_.are_repeats[index - first_row_]);
    return staging_.write_ahead(finishes_[index], *row);
  }

  Staging& staging_;
  std::span<Finish> finishes_;
  Known known_;
  std::size_t first_row_ = 0;
  bool is_over_ = false;
};

Meanwhile Staging::writing_ahead(std::span<Finish> next) {
  const auto most = std::min(next.size(), bounds_.records);
  if (is_room_scarce_ || ahead_.size() >= most || !trouble_) return {};
  return [ahead = Ahead(*this, next.first(most))]() mutable { return ahead.write_next(); };
}

/// Writes one record ahead. Returns false if its name is in use or there is no room: the round of
/// the finish handles both.
Result<bool> Staging::write_ahead(const Finish& finish, const QueuedHandshake& row) {
  const auto record = write_record(finish, row.tag, row.submitted_at, sealer());
  const auto written = record ? spool_.stage_ahead(finish.id, *record) : record.error();
  if (written) {
    ahead_.push_back({finish.id, fingerprint_of(*record), row.attempt});
    return true;
  }
  const Errc code = written.error().code;
  if (is_lack_of_room(code)) drop_ahead();
  if (is_lack_of_room(code) || code == Errc::already_exists) return false;
  return not_of_queue(written.error());
}

void Staging::drop() {
  for (const auto& id : std::exchange(written_, {})) static_cast<void>(spool_.drop(id));
  drop_ahead();
}

/// Records that were written ahead are written again: they are not encrypted, or to others.
void Staging::set_sealer(std::shared_ptr<const Sealer> sealer) {
  sealer_ = std::move(sealer);
  drop_ahead();
}

void Staging::drop_ahead() {
  for (const auto& record : std::exchange(ahead_, {})) static_cast<void>(spool_.drop(record.id));
}

}  // namespace attestrd
