#include "ledger/ledger_notices.h"

#include <iterator>
#include <utility>

#include "base/limits.h"
#include "spool/spool.h"

namespace attestrd {
namespace {

Level level_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::completed: return Level::info;
    case Outcome::archived:
    case Outcome::failed: return Level::warn;
    case Outcome::rejected: break;
  }
  return Level::error;
}

}  // namespace

Notice outcome_notice(const HandshakeId& id, Outcome outcome, Reason reason) {
  Notice notice;
  notice.level = level_of(outcome);
  notice.handshake = id;
  notice.outcome = outcome;
  notice.file = std::string(folder_of(outcome)) + "/" + record_name(id);
  if (reason != Reason::none) notice.reason = name_of(reason);
  switch (outcome) {
    case Outcome::completed:
      notice.event = Event::handshake_completed;
      notice.message = "the result is here and its signature is valid";
      break;
    case Outcome::archived:
      notice.event = Event::handshake_archived;
      notice.message = "Attestr archived the result before it could be fetched";
      break;
    case Outcome::failed:
      notice.event = Event::handshake_failed;
      notice.message = "there is no result to wait for";
      break;
    case Outcome::rejected:
      notice.event = Event::handshake_rejected;
      notice.message = "what came as a result can't be trusted";
      break;
  }
  return notice;
}

Notice outcome_notice(const Finish& finish) {
  auto notice = outcome_notice(finish.id, finish.outcome, finish.reason);
  notice.polls = finish.polls;
  notice.request_id = finish.request_id;
  return notice;
}

std::optional<Notice> repeat_notice(const HandshakeId& id, Outcome outcome, bool is_repeat) {
  if (!is_repeat) return std::nullopt;
  const bool is_rejected = outcome == Outcome::rejected;
  Notice notice(Event::signature_repeated,
                is_rejected
                    ? "the result has the signature of another handshake, and is rejected"
                    : "the result has the signature of another handshake: it is delivered, and its "
                      "record has \"repeats\":true");
  notice.level = is_rejected ? Level::error : Level::warn;
  notice.handshake = id;
  return notice;
}

void note_diverted(const std::string& file, Notice& outcome) {
  outcome.message += ", but another file has the name " + outcome.file + ": it is in " + file;
  outcome.file = file;
}

Notice reopened_notice(const HandshakeId& id, Outcome ended) {
  Notice notice(Event::handshake_reopened, "the handshake had ended, and is polled anew");
  notice.handshake = id;
  notice.outcome = ended;
  return notice;
}

Notice readmitted_notice(const StagedHandshake& row) {
  Notice notice(Event::handshake_readmitted,
                "the rejected record holds now: its result is published");
  notice.handshake = row.id;
  notice.file = std::string(folder_of(Outcome::rejected)) + "/" + row.readmitted_from;
  return notice;
}

Notice row_gone_notice(const Finish& finish) {
  Notice notice;
  notice.event = Event::spool_conflict;
  notice.level = Level::warn;
  notice.message =
      "a handshake ended, but its row does not wait for polls any more: nothing is published";
  notice.handshake = finish.id;
  notice.outcome = finish.outcome;
  return notice;
}

Notice recovered_notice(const QueueCounts& counts, std::size_t published) {
  Notice notice;
  notice.event = Event::queue_recovered;
  notice.message = "the queue is open; " + std::to_string(published) +
                   " publications of the process before were brought to their end";
  notice.count = counts.polling;
  return notice;
}

void IntakeNotices::add(const HandshakeId& id, const Acceptance& acceptance) {
  std::visit([&](const auto& what) { add(id, what); }, acceptance);
}

void IntakeNotices::add(const HandshakeId& id, const InsertedRow&) {
  ++accepted_;
  last_accepted_ = id;
}

void IntakeNotices::add(const HandshakeId& id, const MergedRow& merged) {
  if (merged.is_tag_ignored) add(id, tag_ignored_);
  if (merged.is_expiry_bounded) add(id, expiry_bounded_);
  if (!merged.is_tag_ignored && !merged.is_expiry_bounded) add(id, merged_);
}

void IntakeNotices::add(const HandshakeId& id, const RowElsewhere&) { add(id, merged_); }

void IntakeNotices::add(const HandshakeId& id, const AlreadyEnded&) { add(id, ended_); }

void IntakeNotices::add(const HandshakeId& id, Known& known) {
  if (++known.count <= limits::kNoticesPerFile) note(known, known.message).handshake = id;
}

void IntakeNotices::finish(std::vector<Notice>& notices) {
  for (const auto* const known : {&merged_, &tag_ignored_, &expiry_bounded_}) sum_up(*known);
  sum_up(ended_);
  if (accepted_ > 0) {
    auto& notice = note({Event::inbox_accepted, ""}, "a submission is taken in");
    notice.count = accepted_;
    if (accepted_ == 1) notice.handshake = last_accepted_;
  }
  std::move(notices_.begin(), notices_.end(), std::back_inserter(notices));
}

void IntakeNotices::sum_up(const Known& known) {
  if (known.count <= limits::kNoticesPerFile) return;
  note(known, std::string(known.message) + ": and more of the same submission").count =
      known.count - limits::kNoticesPerFile;
}

Notice& IntakeNotices::note(const Known& known, std::string message) {
  auto& notice = notices_.emplace_back(known.event, std::move(message));
  if (known.level) notice.level = *known.level;
  notice.file = file_;
  return notice;
}

}  // namespace attestrd
