#include "engine/verdict.h"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <limits>

#include "base/check.h"
#include "base/limits.h"
#include "crypto/sha256.h"
#include "json/json_string.h"

namespace attestrd {
namespace {

PauseReason pause_for(AccountTrouble::Kind kind) {
  switch (kind) {
    case AccountTrouble::Kind::unauthorized: return PauseReason::unauthorized;
    case AccountTrouble::Kind::forbidden: return PauseReason::forbidden;
    case AccountTrouble::Kind::low_credits: return PauseReason::low_credits;
    case AccountTrouble::Kind::wrong_version: return PauseReason::wrong_version;
    case AccountTrouble::Kind::rate_limited: return PauseReason::rate_limited;
    case AccountTrouble::Kind::daily_limit: return PauseReason::daily_limit;
  }
  check_failed("an account trouble has a pause", __FILE__, __LINE__);
}

/// Returns whether the deadline passed so long ago that the endings no longer wait for others.
bool is_long_over(const PendingRecord& record, Mono now) {
  return now >= record.deadline + limits::kUnreachableAfter;
}

/// Returns the change by one more answer of this kind. Long after the deadline, answers of
/// different kinds count together, so that a handshake whose trouble changes all the time ends,
/// too. Silence is no answer, and does not count with them.
RecordChange one_more(const PendingRecord& record, PendingRecord::Suspicion suspicion, Mono now) {
  using Suspicion = PendingRecord::Suspicion;
  const bool is_same = record.suspicion == suspicion;
  const bool is_silence =
      suspicion == Suspicion::unreachable || record.suspicion == Suspicion::unreachable;
  const bool are_answers = !is_silence && record.suspicion != Suspicion::none;
  const bool is_counted = is_same || (are_answers && is_long_over(record, now));
  RecordChange change;
  change.suspicion = suspicion;
  change.witnesses = 1;
  if (is_counted) {
    constexpr std::uint8_t kMost = std::numeric_limits<std::uint8_t>::max();
    change.witnesses = record.witnesses == kMost ? kMost : record.witnesses + 1;
  }
  if (!is_counted) change.suspect_since = record.rounded_suspect_since(now);
  return change;
}

/// A visitor that judges one answer, so that a new kind of answer can't be forgotten.
class Judge {
 public:
  Judge(const PendingRecord& record, const std::optional<Verification>& verification, Now now,
        const EngineSettings& settings, const Peers& peers)
      : record_(record),
        verification_(verification),
        now_(now),
        settings_(settings),
        peers_(peers) {}

  Judgement operator()(const Pending&) const { return not_yet({}); }

  Judgement operator()(const Ended& ended) const {
    if (ended.result.empty()) {
      if (ended.archived) {
        return suspect({Suspicion::archived, Charge::archived, Outcome::archived, Reason::none,
                        "archived", settings_.witness_time});
      }
      return not_yet(overtime());
    }
    ATTESTRD_CHECK(verification_);
    if (!verification_->form) {
      return doubt(Suspicion::invalid_signature, Charge::invalid_signature,
                   Reason::invalid_signature);
    }
    if (!has_given_tag(ended.tag))
      return doubt(Suspicion::tag_mismatch, Charge::tag_mismatch, Reason::tag_mismatch);
    return {verdict::Finish{Outcome::completed, Reason::none, verification_->form}, {}};
  }

  /// A handshake that was seen pending exists. It is only given up at its deadline, like one that
  /// is not consumed by then.
  Judgement operator()(const Unknown&) const {
    const bool was_pending = record_.was_pending();
    Judgement judgement =
        suspect({Suspicion::unknown, Charge::unknown, Outcome::failed,
                 was_pending ? Reason::expired : Reason::not_found, "", settings_.unknown_grace});
    if (was_pending && !is_over()) judgement.verdict = verdict::Retry{"", true};
    return judgement;
  }

  Judgement operator()(const AccountTrouble& trouble) const {
    return {verdict::Pause{pause_for(trouble.kind), name_of(trouble.kind)}, {}, Charge::other};
  }

  Judgement operator()(const ServerTrouble&) const {
    return {verdict::Retry{"server_error", false}, {}, Charge::other};
  }

  Judgement operator()(const Invalid& invalid) const {
    if (!invalid.looks_forged)
      return {verdict::Retry{name_of(invalid.reason), false}, {}, Charge::other};
    if (invalid.reason == Invalid::Reason::wrong_id)
      return doubt(Suspicion::wrong_id, Charge::wrong_id, Reason::wrong_id);
    return doubt(Suspicion::duplicate_key, Charge::duplicate_key, Reason::duplicate_key);
  }

 private:
  using Suspicion = PendingRecord::Suspicion;

  /// An ending that is no verified result, and the proof that it needs.
  struct Case {
    Suspicion suspicion{};
    Charge charge{};
    Outcome outcome{};
    Reason reason{};
    std::string_view trouble;  ///< For the log; empty: not worth a line.
    Duration time{0};          ///< From the first answer of its kind to the last.
  };

  Judgement not_yet(RecordChange change) const {
    change.suspicion = Suspicion::none;
    change.last_pending = now_.mono;
    // The deadline may have moved since the poll began: a merged submission prolongs it.
    if (is_over() && !change.is_overtime)
      return {verdict::Finish{Outcome::failed, Reason::expired, {}}, change};
    return {verdict::Wait{}, change};
  }

  bool is_over() const { return record_.is_last_poll && now_.mono >= record_.deadline; }

  /// Returns the change that grants a consumed handshake more time at its deadline. A flow that was
  /// begun in time may end after its expiry, and its result is still to come.
  RecordChange overtime() const {
    RecordChange change;
    if (!is_over() || record_.is_overtime) return change;
    change.is_overtime = true;
    change.deadline = now_.mono + settings_.give_up_after;
    return change;
  }

  /// Only doubts of one kind in a row count: a rejection for a few corrupt answers among many good
  /// ones would lose a result, while a forger who lets good answers through gains nothing.
  Judgement doubt(Suspicion suspicion, Charge charge, Reason reason) const {
    return suspect(
        {suspicion, charge, Outcome::rejected, reason, name_of(reason), settings_.witness_time});
  }

  /// Returns a retry, or the ending once it is proven.
  Judgement suspect(const Case& suspected) const {
    const RecordChange change = one_more(record_, suspected.suspicion, now_.mono);
    const Mono since = change.suspect_since.value_or(record_.suspect_since());
    const Blame blame = blame_for(suspected, since);
    const Duration time = time_until_proven(suspected, blame);
    if (change.witnesses >= settings_.signature_attempts && now_.mono - since >= time) {
      return {verdict::Finish{suspected.outcome, suspected.reason, {}}, change, suspected.charge};
    }
    // Attestr answered: the account and the server are healthy.
    verdict::Retry retry{suspected.trouble, true};
    retry.is_of_all = blame == Blame::account && suspected.charge == Charge::invalid_signature &&
                      peers_.witnesses.last_held() < since;
    if (now_.mono < since + suspected.time)
      retry.decides_at = since + suspected.time;
    else if (change.witnesses < settings_.signature_attempts)  // Only answers are missing.
      retry.decides_at = now_.mono + settings_.max_interval;
    else if (blame == Blame::nobody)
      retry.decides_at = since + time;
    return {retry, change, suspected.charge};
  }

  Blame blame_for(const Case& suspected, Mono since) const {
    if (is_long_over(record_, now_.mono) || settings_.unknown_grace == Duration(0))
      return Blame::handshake;
    const Mono lately = now_.mono - settings_.witness_time;
    return peers_.witnesses.blame(peers_.handshake, suspected.charge, {since, lately});
  }

  /// Returns for how long answers of this kind must have come in a row.
  Duration time_until_proven(const Case& suspected, Blame blame) const {
    switch (blame) {
      case Blame::handshake: return suspected.time;
      case Blame::nobody:
        return std::max<Duration>(suspected.time, limits::kLoneGraces * settings_.unknown_grace);
      case Blame::account: break;
    }
    return Duration::max();
  }

  bool has_given_tag(std::string_view raw_tag) const {
    // Each byte of a tag may be an escape. A longer text takes long to digest, and can't be equal.
    constexpr std::size_t kEscapeBytes = 6;  // \u0061
    if (record_.tag_digest == 0) return true;
    return raw_tag.size() <= limits::kTagBytes * kEscapeBytes &&
           record_.tag_digest == digest_of_tag(unescape_json_string(raw_tag));
  }

  const PendingRecord& record_;
  const std::optional<Verification>& verification_;
  Now now_;
  const EngineSettings& settings_;
  const Peers& peers_;
};

}  // namespace

bool is_healthy(const Verdict& verdict) {
  if (const auto* const retry = std::get_if<verdict::Retry>(&verdict)) return retry->is_healthy;
  return !std::holds_alternative<verdict::Pause>(verdict);
}

std::string_view trouble_of(const Verdict& verdict) {
  if (const auto* const retry = std::get_if<verdict::Retry>(&verdict)) return retry->trouble;
  if (const auto* const pause = std::get_if<verdict::Pause>(&verdict)) return pause->trouble;
  return {};
}

void apply(const RecordChange& change, PendingRecord& record) {
  if (change.last_pending) record.last_pending = *change.last_pending;
  if (change.suspicion) {
    record.suspicion = *change.suspicion;
    record.witnesses = change.witnesses;
  }
  if (change.suspect_since) record.set_suspect_since(*change.suspect_since);
  if (change.deadline) {
    record.deadline = *change.deadline;
    record.deadline_wall_s = 0;
    record.has_expiry = false;
  }
  if (change.is_overtime) record.is_overtime = true;
}

const Ended* result_to_verify(const Answer& answer) {
  const auto* const ended = std::get_if<Ended>(&answer);
  return ended != nullptr && !ended->result.empty() ? ended : nullptr;
}

Judgement judge(const Answer& answer, const PendingRecord& record,
                const std::optional<Verification>& verification, Now now,
                const EngineSettings& settings, const Peers& peers) {
  return std::visit(Judge(record, verification, now, settings, peers), answer);
}

Judgement judge_silence(const PendingRecord& record, Mono now) {
  using Suspicion = PendingRecord::Suspicion;
  // A handshake whose answers are Attestr's, between such polls, is judged by these answers for a
  // day.
  const bool is_other =
      record.suspicion != Suspicion::none && record.suspicion != Suspicion::unreachable;
  const bool is_judged_by_answers =
      is_other &&
      (!is_long_over(record, now) || now < record.suspect_since() + limits::kUnreachableAfter);
  if (now < record.deadline || is_judged_by_answers) return {verdict::Wait{}, {}, Charge::other};
  const RecordChange change = one_more(record, Suspicion::unreachable, now);
  const Mono since = change.suspect_since.value_or(record.suspect_since());
  if (now - since < limits::kUnreachableAfter || change.witnesses < limits::kLeastWitnesses)
    return {verdict::Wait{}, change, Charge::other};
  return {verdict::Finish{Outcome::failed, Reason::unreachable, {}}, change, Charge::other};
}

std::uint64_t digest_of_tag(std::string_view tag) {
  if (tag.empty()) return 0;
  const Sha256Digest digest = sha256_of(tag);
  std::uint64_t prefix = 0;
  std::memcpy(&prefix, digest.data(), sizeof prefix);
  return prefix == 0 ? 1 : prefix;  // Never: no text is known whose digest begins so.
}

}  // namespace attestrd
