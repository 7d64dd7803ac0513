#include "engine/verdict.h"

#include <cstring>

#include "base/check.h"
#include "crypto/sha256.h"
#include "json/json_string.h"

namespace attestrd {
namespace {

Verdict verdict_of(Verdict::Kind kind, bool is_healthy, std::string_view trouble = {}) {
  Verdict verdict;
  verdict.kind = kind;
  verdict.is_healthy = is_healthy;
  verdict.trouble = trouble;
  return verdict;
}

Verdict wait() { return verdict_of(Verdict::Kind::wait, true); }

Verdict finish(Outcome outcome, Reason reason = Reason::none) {
  Verdict verdict = verdict_of(Verdict::Kind::finish, true);
  verdict.outcome = outcome;
  verdict.reason = reason;
  return verdict;
}

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

/// Judges one answer; a visitor, so that a new kind of answer can't be forgotten.
class Judge {
 public:
  Judge(PendingRecord& record, Now now, const EngineSettings& settings, Verifier& verifier)
      : record_(record), now_(now), settings_(settings), verifier_(verifier) {}

  Verdict operator()(const Pending&) { return not_yet(); }

  Verdict operator()(const Ended& ended) {
    if (ended.result.empty()) {
      if (ended.archived) return finish(Outcome::archived);
      grant_overtime();
      return not_yet();
    }
    record_.is_unknown = false;
    const auto form = verifier_.verify(ended.result, ended.signature);
    if (!form) return doubt(Reason::invalid_signature);
    if (!has_given_tag(ended.tag)) return doubt(Reason::tag_mismatch);
    Verdict verdict = finish(Outcome::completed);
    verdict.form = form;
    return verdict;
  }

  Verdict operator()(const Unknown&) {
    if (!record_.is_unknown) {
      record_.is_unknown = true;
      record_.set_unknown_since(now_.mono);
    }
    if (now_.mono - record_.unknown_since() < settings_.unknown_grace) return wait();
    return finish(Outcome::failed, Reason::not_found);
  }

  Verdict operator()(const AccountTrouble& trouble) {
    Verdict verdict = verdict_of(Verdict::Kind::pause, false, name_of(trouble.kind));
    verdict.pause = pause_for(trouble.kind);
    return verdict;
  }

  Verdict operator()(const ServerTrouble&) {
    return verdict_of(Verdict::Kind::retry, false, "server_error");
  }

  Verdict operator()(const Invalid& invalid) {
    if (!invalid.looks_forged)
      return verdict_of(Verdict::Kind::retry, false, name_of(invalid.reason));
    return doubt(invalid.reason == Invalid::Reason::wrong_id ? Reason::wrong_id
                                                             : Reason::duplicate_key);
  }

 private:
  Verdict not_yet() {
    record_.is_unknown = false;
    record_.doubts = 0;
    record_.last_pending = now_.mono;
    return is_over() ? finish(Outcome::failed, Reason::expired) : wait();
  }

  /// The deadline may have moved since the poll began: a merged submission prolongs it.
  bool is_over() const { return record_.is_last_poll && now_.mono >= record_.deadline; }

  /// A flow that was begun in time may end after its expiry; its result is still to come.
  void grant_overtime() {
    if (!is_over() || record_.is_overtime) return;
    record_.is_overtime = true;
    record_.deadline = now_.mono + settings_.give_up_after;
    record_.set_deadline_wall(now_.wall + settings_.give_up_after);
  }

  /// Doubts count in a row: to reject on a few spoilt answers among many good ones would lose a
  /// result, while a forger who lets good ones through gains nothing.
  Verdict doubt(Reason reason) {
    ++record_.doubts;
    if (record_.doubts >= settings_.signature_attempts) return finish(Outcome::rejected, reason);
    // Attestr answered: what is wrong is with this handshake alone.
    return verdict_of(Verdict::Kind::retry, true, name_of(reason));
  }

  bool has_given_tag(std::string_view raw_tag) const {
    return record_.tag_digest == 0 ||
           record_.tag_digest == digest_of_tag(unescape_json_string(raw_tag));
  }

  PendingRecord& record_;
  Now now_;
  const EngineSettings& settings_;
  Verifier& verifier_;
};

}  // namespace

Verdict judge(const Answer& answer, PendingRecord& record, Now now, const EngineSettings& settings,
              Verifier& verifier) {
  return std::visit(Judge(record, now, settings, verifier), answer);
}

std::uint64_t digest_of_tag(std::string_view tag) {
  if (tag.empty()) return 0;
  const Sha256Digest digest = sha256_of(tag);
  std::uint64_t prefix = 0;
  std::memcpy(&prefix, digest.data(), sizeof prefix);
  return prefix == 0 ? 1 : prefix;  // Never: nobody knows a text whose digest begins so.
}

}  // namespace attestrd
