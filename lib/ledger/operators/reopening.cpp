#include "ledger/operators/reopening.h"

#include <algorithm>
#include <chrono>
#include <utility>
#include <variant>

#include "ledger/final_error.h"
#include "ledger/ledger_notices.h"
#include "ledger/repeats.h"
#include "queue/queue.h"
#include "spool/record.h"
#include "spool/spool.h"

namespace attestrd {
namespace {

/// Returns the answer for a handshake that has not ended, in the words of `Answer`.
template <class Answer>
Answer not_ended(const KnownHandshake& known) {
  if (std::holds_alternative<QueuedHandshake>(known)) return Answer::pending;
  return std::holds_alternative<EndingHandshake>(known) ? Answer::ending : Answer::unknown;
}

}  // namespace

Result<void> Reopening::decide(RoundRequest& part, const std::vector<Done>& marked,
                               std::size_t room, RepeatPolicy repeats) {
  retried_.clear();
  readmitted_.clear();
  reopened_.clear();
  staged_.clear();
  for (std::size_t i = 0; i < part.retries.size(); ++i) {
    const auto decided = decide(part.retries[i], i, marked, room);
    if (!decided) return decided.error();
    retried_.push_back(*decided);
  }
  for (std::size_t i = 0; i < part.readmissions.size(); ++i) {
    const auto decided = decide(part, i, repeats);
    if (!decided) return decided.error();
    readmitted_.push_back(*decided);
  }
  return {};
}

/// Returns the state of an id once the batch has marked the rows that are published.
Result<KnownHandshake> Reopening::find(const HandshakeId& id, const std::vector<Done>& marked) {
  auto known = queue_.find(id);
  if (!known) return known;
  const auto* const ending = std::get_if<EndingHandshake>(&*known);
  if (ending == nullptr || std::ranges::find(marked, id, &Done::id) == marked.end()) return known;
  return KnownHandshake(EndedHandshake{.outcome = ending->outcome,
                                       .finished_at = ending->finished_at,
                                       .tag = ending->tag,
                                       .attempt = ending->attempt});
}

Result<Retried> Reopening::decide(const Retry& retry, std::size_t request,
                                  const std::vector<Done>& marked, std::size_t room) {
  if (is_taken(retry.id)) return Retried::pending;
  const auto known = find(retry.id, marked);
  if (!known) return known.error();
  const auto* const ended = std::get_if<EndedHandshake>(&*known);
  if (ended == nullptr) return not_ended<Retried>(*known);
  if (ended->outcome == Outcome::completed && !retry.even_completed) return Retried::completed;
  if (reopened_.size() >= room) return Retried::full;
  QueuedHandshake row{retry.id, ended->tag, {}, {}, {}, 0};
  row.attempt = ended->attempt + 1;
  reopened_.push_back({request, std::move(row), 0, ended->outcome});
  return Retried::reopened;
}

Result<Readmitted> Reopening::decide(RoundRequest& part, std::size_t request,
                                     RepeatPolicy repeats) {
  auto& readmission = part.readmissions[request];
  auto& finish = readmission.finish;
  if (is_taken(finish.id)) return Readmitted::ending;
  // A row that only this batch marks as ended is still staged: after a crash before the commit,
  // recovery would take the new record in staging/ for a broken one of that row.
  const auto known = queue_.find(finish.id);
  if (!known) return known.error();
  const auto* const ended = std::get_if<EndedHandshake>(&*known);
  if (ended == nullptr) return not_ended<Readmitted>(*known);
  if (ended->outcome == Outcome::completed) return Readmitted::completed;
  // The record may have been edited, the tag of the row was not.
  if (!ended->tag.empty() && ended->tag != readmission.tag) return Readmitted::tag_mismatch;
  const auto repeat = is_repeat(finish, part.finishes);
  if (!repeat) return repeat.error();
  judge_repeat(finish, *repeat, readmission.takes_replayed ? RepeatPolicy::deliver : repeats);
  if (finish.outcome != Outcome::completed) return Readmitted::replayed;
  StagedHandshake row{finish.id, finish.outcome, finish.reason, finish.finished_at, {}};
  if (!*repeat) row.signature = finish.signature;
  row.attempt = ended->attempt + 1;
  row.readmitted_from = readmission.file;
  staged_.push_back({request, std::move(row), 0, ended->outcome});
  return Readmitted::readmitted;
}

/// Returns whether the signature is that of another handshake, or of one that ends in this round.
Result<bool> Reopening::is_repeat(const Finish& finish, const std::vector<Finish>& others) {
  const auto has_it = [&finish](const auto& other) {
    return other.id != finish.id && other.signature == finish.signature;
  };
  if (std::ranges::any_of(others, has_it)) return true;
  if (std::ranges::any_of(staged_, has_it, &Chosen<StagedHandshake>::row)) return true;
  const SignedResult result{finish.id, *finish.signature};
  const auto found = queue_.find_by_signature({&result, 1});
  return found ? Result<bool>(found->front().has_value()) : found.error();
}

std::vector<SignedResult> Reopening::signatures() const {
  std::vector<SignedResult> results;
  for (const auto& chosen : staged_)
    if (chosen.row.signature) results.push_back({chosen.row.id, *chosen.row.signature});
  return results;
}

/// Returns whether an earlier request of this round takes up the handshake.
bool Reopening::is_taken(const HandshakeId& id) const {
  const auto has_id = [&id](const auto& chosen) { return chosen.row.id == id; };
  return std::ranges::any_of(reopened_, has_id) || std::ranges::any_of(staged_, has_id);
}

Result<void> Reopening::stage(const std::vector<Readmission>& readmissions, const Sealer* sealer,
                              std::size_t few, std::vector<Notice>& notices) {
  if (staged_.empty()) return {};
  const auto how = staged_.size() <= few ? RecordSync::one_by_one : RecordSync::together;
  auto written = write_records(readmissions, sealer, how, notices);
  if (written || !is_lack_of_room(written.error().code)) return written;
  drop();
  for (const auto& chosen : staged_) readmitted_[chosen.request] = Readmitted::no_room;
  staged_.clear();
  return {};
}

Result<void> Reopening::write_records(const std::vector<Readmission>& readmissions,
                                      const Sealer* sealer, RecordSync how,
                                      std::vector<Notice>& notices) {
  for (auto& [request, row, change, ended] : staged_) {
    const auto& readmission = readmissions[request];
    const auto record = write_record(readmission.finish, "", readmission.submitted_at, sealer);
    if (!record) return not_of_queue(record.error());
    auto in_the_way = spool_.stage(row.id, *record, how);
    if (!in_the_way) return not_of_queue(in_the_way.error());
    if (*in_the_way) notices.push_back(std::move(**in_the_way));
    row.record = fingerprint_of(*record);
  }
  const auto synced = spool_.sync_staging(how, {});
  return synced ? Result<void>() : not_of_queue(synced.error());
}

void Reopening::add_changes(QueueBatch& batch, Wall now) {
  for (auto& [request, row, change, ended] : reopened_) {
    row.submitted_at = std::chrono::floor<std::chrono::milliseconds>(now);
    row.boot = batch.boot;
    change = batch.changes.size();
    batch.changes.emplace_back(Reopen{row.id, row.attempt, row.submitted_at, row.boot});
  }
  for (auto& [request, row, change, ended] : staged_) {
    change = batch.changes.size();
    batch.changes.emplace_back(Readmit{row, now, batch.boot});
  }
}

std::vector<StagedHandshake> Reopening::finish(const RoundRequest& part,
                                               const std::vector<Applied>& changes,
                                               RoundReport& report) {
  for (const auto& [request, row, change, ended] : reopened_) {
    if (changes[change] != Applied::applied) {
      retried_[request] = Retried::ending;  // Another owner was faster.
      continue;
    }
    report.notices.push_back(reopened_notice(row.id, ended));
    report.accepted.push_back(row);
  }
  std::vector<StagedHandshake> readmitted;
  for (const auto& [request, row, change, ended] : staged_) {
    if (changes[change] != Applied::applied) {
      readmitted_[request] = Readmitted::ending;
      // If that fails, recovery moves the record out of staging/.
      static_cast<void>(spool_.drop(row.id));
      continue;
    }
    report.notices.push_back(readmitted_notice(row));
    const bool is_repeat = part.readmissions[request].finish.is_repeat;
    if (auto repeat = repeat_notice(row.id, row.outcome, is_repeat)) {
      repeat->file = std::string(folder_of(row.outcome)) + "/" + record_name(row.id);
      report.notices.push_back(std::move(*repeat));
    }
    readmitted.push_back(row);
  }
  for (std::size_t i = 0; i < retried_.size(); ++i)
    report.retried.push_back({part.retries[i].ticket, retried_[i]});
  for (std::size_t i = 0; i < readmitted_.size(); ++i)
    report.readmitted.push_back({part.readmissions[i].ticket, readmitted_[i]});
  return readmitted;
}

void Reopening::drop() {
  for (const auto& chosen : staged_) static_cast<void>(spool_.drop(chosen.row.id));
}

}  // namespace attestrd
