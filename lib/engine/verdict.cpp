#include "engine/verdict.h"

#include <cstddef>
#include <cstring>
#include <utility>

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

/// A visitor that judges one answer, so that a new kind of answer can't be forgotten.
class Judge {
 public:
  Judge(const PendingRecord& record, const std::optional<Verification>& verification, Now now,
        const EngineSettings& settings)
      : record_(record), verification_(verification), now_(now), settings_(settings) {}

  Judgement operator()(const Pending&) const { return not_yet({}); }

  Judgement operator()(const Ended& ended) const {
    if (ended.result.empty()) {
      if (ended.archived) return finish(Outcome::archived);
      return not_yet(overtime());
    }
    ATTESTRD_CHECK(verification_);
    RecordChange change;
    change.is_known = true;
    if (!verification_->form) return doubt(Reason::invalid_signature, change);
    if (!has_given_tag(ended.tag)) return doubt(Reason::tag_mismatch, change);
    return {verdict::Finish{Outcome::completed, Reason::none, verification_->form}, change};
  }

  Judgement operator()(const Unknown&) const {
    RecordChange change;
    if (!record_.is_unknown) change.unknown_since = now_.mono;
    const Mono since =
        record_.is_unknown ? record_.unknown_since() : record_.rounded_unknown_since(now_.mono);
    if (now_.mono - since < settings_.unknown_grace) return {verdict::Wait{}, change};
    return {verdict::Finish{Outcome::failed, Reason::not_found, {}}, change};
  }

  Judgement operator()(const AccountTrouble& trouble) const {
    return {verdict::Pause{pause_for(trouble.kind), name_of(trouble.kind)}, {}};
  }

  Judgement operator()(const ServerTrouble&) const {
    return {verdict::Retry{"server_error", false}, {}};
  }

  Judgement operator()(const Invalid& invalid) const {
    if (!invalid.looks_forged) return {verdict::Retry{name_of(invalid.reason), false}, {}};
    const bool is_wrong_id = invalid.reason == Invalid::Reason::wrong_id;
    return doubt(is_wrong_id ? Reason::wrong_id : Reason::duplicate_key, {});
  }

 private:
  static Judgement finish(Outcome outcome, Reason reason = Reason::none, RecordChange change = {}) {
    return {verdict::Finish{outcome, reason, {}}, std::move(change)};
  }

  Judgement not_yet(RecordChange change) const {
    change.is_known = true;
    change.doubts = 0;
    change.last_pending = now_.mono;
    // The deadline may have moved since the poll began: a merged submission prolongs it.
    if (is_over() && !change.is_overtime) return finish(Outcome::failed, Reason::expired, change);
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

  /// Returns a retry, or a rejection after `signature_attempts` doubts in a row. Only doubts in a
  /// row count: a rejection for a few corrupt answers among many good ones would lose a result,
  /// while a forger who lets good answers through gains nothing.
  Judgement doubt(Reason reason, RecordChange change) const {
    change.doubts = static_cast<std::uint8_t>(record_.doubts + 1);
    if (*change.doubts >= settings_.signature_attempts) {
      return finish(Outcome::rejected, reason, change);
    }
    // Attestr answered: the trouble concerns this handshake alone.
    return {verdict::Retry{name_of(reason), true}, change};
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
  if (change.doubts) record.doubts = *change.doubts;
  if (change.is_known) record.is_unknown = false;
  if (change.unknown_since) {
    record.is_unknown = true;
    record.set_unknown_since(*change.unknown_since);
  }
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
                const EngineSettings& settings) {
  return std::visit(Judge(record, verification, now, settings), answer);
}

std::uint64_t digest_of_tag(std::string_view tag) {
  if (tag.empty()) return 0;
  const Sha256Digest digest = sha256_of(tag);
  std::uint64_t prefix = 0;
  std::memcpy(&prefix, digest.data(), sizeof prefix);
  return prefix == 0 ? 1 : prefix;  // Never: no text is known whose digest begins so.
}

}  // namespace attestrd
