#include "ledger/restore.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "crypto/fingerprint.h"
#include "ledger/repeats.h"
#include "queue/queue_merge.h"
#include "spool/record.h"
#include "spool/spool.h"

namespace attestrd {

// A restore merges three sources: the backup, the queue that is there (if there is one), and the
// spool. What was published must not be polled again, and what was not must be.
//
//   - Pending in the backup: it has ended if its record is in a folder of the spool.
//   - Staged in the backup: likewise. Otherwise it is still staged if this very record is in
//     staging/. Otherwise it is polled again: recovery would take a staged row without a file for a
//     published one, but the file may be missing here because the spool was copied at another time.
//   - Ended in the backup: its latest record counts, since it may have been retried or readmitted
//     after the backup. It is polled again only if its record is lost by the rules of backup.cpp.
//   - Neither in the backup nor in the queue, but its record is in a folder of the spool: it has
//     ended. It was accepted after the backup, and may be submitted again.
//   - The signature of a sealed record can't be read. Where the backup does not have it either, a
//     later result that repeats it is not noticed.
//   - The queue that is there belongs to this spool and knows which results consumers have taken
//     since the backup, so its rows stay. Only an ending that is as late as the row takes its
//     place: the queue is older than the backup then.

namespace {

constexpr Outcome kOutcomes[] = {Outcome::completed, Outcome::archived, Outcome::failed,
                                 Outcome::rejected};
constexpr std::size_t kNamesShown = 10;

/// Returns whether a record is of this submission, and not of an earlier one of the same id. If the
/// wall clock was set between the backup and the record, the two have different submission times.
bool ends(const SpoolView::Record& record, const QueuedHandshake& row) {
  return record.submitted_at == row.submitted_at || record.finished_at >= row.submitted_at;
}

/// Returns the tombstone of a handshake whose record is in the spool.
Tombstone tombstone_of(const HandshakeId& id, const SpoolView::Record& record,
                       const std::string& tag, std::uint32_t attempt) {
  return {id, record.outcome, record.finished_at, tag, attempt, record.signature};
}

const HandshakeId& id_of(const BackupRow& row) {
  return std::visit([](const auto& any) -> const HandshakeId& { return any.id; }, row.row);
}

std::uint32_t attempt_of(const BackupRow& row) {
  return std::visit([](const auto& any) { return any.attempt; }, row.row);
}

/// The names of files in the place of records.
class Strangers {
 public:
  void add(Outcome outcome, const HandshakeId& id) {
    if (++count_ > kNamesShown) return;
    names_ += (count_ == 1 ? "" : ", ") + std::string(folder_of(outcome)) + '/' + record_name(id);
  }

  Result<void> none() const {
    if (count_ == 0) return {};
    return fail(Errc::invalid_input,
                "nothing is restored: no records, but with the names of some: " + names_ +
                    (count_ > kNamesShown ? ", ..." : "") +
                    "; move them away if their handshakes shall be polled again");
  }

 private:
  std::size_t count_ = 0;
  std::string names_;
};

/// Returns what a text shows if it is the record of this id and outcome.
std::optional<SpoolView::Record> read_record(std::string_view text, const HandshakeId& id,
                                             Outcome outcome) {
  const auto record = parse_record(text);
  if (!record || record->id != id || record->outcome != outcome) return std::nullopt;
  if (!record->submitted_at || !record->finished_at) return std::nullopt;
  SpoolView::Record found{outcome, *record->submitted_at, *record->finished_at, record->tag};
  if (outcome == Outcome::completed && !record->is_repeat)
    found.signature = signature_in(record->response);
  return found;
}

/// Finds the record of an id in the folder of an outcome, under the name with this number.
Result<std::optional<SpoolView::Record>> find_record(Spool& spool, const HandshakeId& id,
                                                     Outcome outcome, unsigned number,
                                                     Strangers& strangers) {
  const auto text = spool.published(id, outcome, number);
  const bool is_unsafe = !text && text.error().code == Errc::unsafe_file;
  if (!text && !is_unsafe) return text.error();
  if (text && !*text) return std::optional<SpoolView::Record>();
  const auto record = is_unsafe ? std::nullopt : read_record(**text, id, outcome);
  if (record) return record;
  // rejected/ also has what was put aside, of handshakes that are polled again.
  if (outcome != Outcome::rejected) strangers.add(outcome, id);
  return std::optional<SpoolView::Record>();
}

Result<SpoolView> view_of(Spool& spool, const BackupRow& row, Strangers& strangers) {
  SpoolView view;
  const auto* const ended = std::get_if<Tombstone>(&row.row);
  // No retry and no readmission takes up a completed handshake again.
  const bool is_completed = ended != nullptr && ended->outcome == Outcome::completed;
  if (is_completed && !row.again) return view;
  const auto& id = id_of(row);
  const unsigned later_attempts = ended != nullptr ? 1 : 0;
  for (const auto outcome : kOutcomes) {
    const bool is_other = ended != nullptr && outcome != ended->outcome;
    if (is_other && is_completed) continue;
    for (unsigned number = 1; number <= attempt_of(row) + 1 + later_attempts; ++number) {
      Strangers ignored;
      const bool needs_it = !is_other && (ended == nullptr || row.again);
      const auto record = find_record(spool, id, outcome, number, needs_it ? strangers : ignored);
      if (!record) return record.error();
      if (!*record) continue;
      if (is_other && (*record)->finished_at <= ended->finished_at) continue;  // Of an earlier one.
      // Those of earlier attempts may be there, too.
      if (!view.record || (*record)->finished_at > view.record->finished_at) view.record = **record;
    }
  }
  if (const auto* const staged = std::get_if<StagedHandshake>(&row.row)) {
    const auto file = spool.fingerprint(id);
    if (!file && file.error().code != Errc::unsafe_file) return file.error();
    view.is_staged = file && *file && **file == staged->record;
  }
  return view;
}

/// A restore on its way.
class Restore {
 public:
  Restore(QueueMerge& merge, Spool& spool, std::uint64_t spool_mark)
      : merge_(merge), spool_(spool), spool_mark_(spool_mark) {}

  Result<RestoreCounts> run();

 private:
  Result<void> restore_rows();
  Result<void> restore_row(const BackupRow& row, bool is_after_the_backup);
  Result<void> bury_published(Outcome outcome);
  Result<void> put(const BackupRow& row);
  Result<void> drop_published();

  QueueMerge& merge_;
  Spool& spool_;
  std::uint64_t spool_mark_;
  RestoreCounts counts_;
  Strangers strangers_;
  std::vector<HandshakeId> staged_files_;  ///< Sorted.
  std::vector<HandshakeId> published_;     ///< Those of `staged_files_` that have ended.
};

Result<RestoreCounts> Restore::run() {
  auto files = spool_.staged();
  if (!files) return files.error();
  staged_files_ = std::move(files->records);
  if (const auto restored = restore_rows(); !restored) return restored.error();
  if (const auto none = strangers_.none(); !none) return none.error();
  for (const auto outcome : kOutcomes)
    if (const auto buried = bury_published(outcome); !buried) return buried.error();
  if (counts_.staged > 0)  // Their records are here, so this is the staging/ of these rows.
    if (const auto claimed = spool_.claim_staging({}); !claimed) return claimed.error();
  if (const auto committed = merge_.commit(); !committed) return committed.error();
  if (const auto dropped = drop_published(); !dropped) return dropped.error();
  return counts_;
}

Result<void> Restore::restore_rows() {
  const auto number = merge_.number();
  if (!number) return number.error();
  for (;;) {
    const auto row = merge_.next();
    if (!row) return row.error();
    if (!*row) return {};
    const auto restored = restore_row(**row, spool_mark_ >= number->value_or(0));
    if (!restored) return restored;
  }
}

Result<void> Restore::restore_row(const BackupRow& row, bool is_after_the_backup) {
  const auto present = merge_.present(id_of(row));
  if (!present) return present.error();
  if (std::holds_alternative<EndedHandshake>(*present)) {  // The spool need not be asked.
    ++counts_.known_better;
    return {};
  }
  auto view = view_of(spool_, row, strangers_);
  if (!view) return view.error();
  view->is_after_the_backup = is_after_the_backup;
  const auto restored = restored_row(row, *view);
  if (!takes_the_place_of(*present, restored.row)) {
    ++counts_.known_better;
    return {};
  }
  const bool is_pending = std::holds_alternative<QueuedHandshake>(restored.row);
  if (is_pending && !std::holds_alternative<QueuedHandshake>(row.row)) ++counts_.again;
  return put(restored);
}

/// Notes the handshakes that neither the backup nor the queue has, but whose records are there.
Result<void> Restore::bury_published(Outcome outcome) {
  const auto ids = spool_.published(outcome);
  if (!ids) return ids.error();
  for (const auto& id : *ids) {
    const auto present = merge_.present(id);
    if (!present) return present.error();
    if (!std::holds_alternative<UnknownHandshake>(*present)) continue;
    Strangers ignored;  // Nothing depends on them.
    const auto record = find_record(spool_, id, outcome, 1, ignored);
    if (!record) return record.error();
    if (!*record) continue;
    if (const auto buried = put({tombstone_of(id, **record, (*record)->tag, 0), {}}); !buried)
      return buried;
  }
  return {};
}

Result<void> Restore::put(const BackupRow& row) {
  if (std::holds_alternative<QueuedHandshake>(row.row)) ++counts_.pending;
  if (std::holds_alternative<StagedHandshake>(row.row)) ++counts_.staged;
  if (std::holds_alternative<Tombstone>(row.row)) {
    ++counts_.ended;
    const auto& id = id_of(row);
    if (std::ranges::binary_search(staged_files_, id)) published_.push_back(id);
  }
  return merge_.put(row);
}

/// Drops the records in staging/ that were published while the spool was copied. Recovery would put
/// them aside as files that belong to no row.
Result<void> Restore::drop_published() {
  for (const auto& id : published_) {
    const auto dropped = spool_.drop(id);
    if (!dropped && dropped.error().code != Errc::unsafe_file) return dropped;
  }
  return {};
}

}  // namespace

BackupRow restored_row(const BackupRow& row, const SpoolView& spool) {
  const auto& record = spool.record;
  if (const auto* const ended = std::get_if<Tombstone>(&row.row)) {
    if (record && record->finished_at > ended->finished_at)
      return {tombstone_of(ended->id, *record, ended->tag, ended->attempt + 1), {}};
    const bool is_lost = row.again && !spool.is_after_the_backup && !record;
    if (!is_lost) return row;
    return {*row.again, {}, ended->signature};
  }
  const auto* const queued = std::get_if<QueuedHandshake>(&row.row);
  const auto& submitted = queued != nullptr ? *queued : *row.again;
  if (record && ends(*record, submitted)) {
    auto tombstone = tombstone_of(submitted.id, *record, submitted.tag, submitted.attempt);
    const auto* const staged = std::get_if<StagedHandshake>(&row.row);
    // A sealed record does not show its signature.
    if (staged != nullptr && !tombstone.signature) tombstone.signature = staged->signature;
    return {std::move(tombstone), {}};
  }
  if (queued != nullptr || spool.is_staged) return row;
  return {submitted, {}, row.signature};
}

bool takes_the_place_of(const KnownHandshake& present, const QueueRow& restored) {
  if (std::holds_alternative<UnknownHandshake>(present)) return true;
  const auto* const ended = std::get_if<Tombstone>(&restored);
  if (ended == nullptr) return false;
  if (const auto* const queued = std::get_if<QueuedHandshake>(&present))
    return ended->finished_at >= queued->submitted_at;
  const auto* const ending = std::get_if<EndingHandshake>(&present);
  return ending != nullptr && ended->finished_at >= ending->finished_at;
}

Result<RestoreCounts> restore(QueueMerge& merge, Spool& spool, std::uint64_t spool_mark) {
  return Restore(merge, spool, spool_mark).run();
}

}  // namespace attestrd
