#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>

#include "admission/account_gate.h"
#include "admission/witnesses.h"
#include "base/time.h"
#include "engine/pending.h"
#include "engine/settings.h"
#include "handshake/finish.h"
#include "poll/answer.h"

namespace attestrd {

namespace verdict {

/// The handshake waits: the cadence decides when it is polled again.
struct Wait {};

/// The poll failed: the handshake's own backoff decides when it is polled again.
struct Retry {
  std::string_view trouble;  ///< A word of a closed list, for the log.
  /// The answer shows nevertheless that the account and the server are healthy.
  bool is_healthy = false;
  /// No signature has held since its own failed, which a new secret may end: it is polled often
  /// enough to notice that.
  bool is_of_all = false;
  /// The time at which a poll can end the handshake, if its trouble stays the same.
  std::optional<Mono> decides_at = {};
};

/// The account pauses: the handshake is polled again after the pause.
struct Pause {
  PauseReason reason{};
  std::string_view trouble;  ///< A word of a closed list, for the log.
};

/// The handshake has ended.
struct Finish {
  Outcome outcome{};
  Reason reason = Reason::none;
  std::optional<SigningForm> form;  ///< The signing form that matched, for `completed`.
};

}  // namespace verdict

/// The consequence of an answer for its handshake. The state table of the engine:
///
///     answer                                   verdict
///     ------                                   -------
///     no valid answer                          retry; one that seems forged: once proven, rejected
///     archived, with a result                  as consumed with a result
///     archived, without a result               retry; once proven: archived
///     consumed, with a result, signature good  completed; with a wrong tag: as a bad signature
///     consumed, with a result, signature bad   retry; once proven: rejected
///     consumed, without a result               wait
///     not consumed                             wait
///     no such handshake                        retry; once proven: failed (not_found); one that
///     was
///                                                seen pending: failed (expired) at its deadline
///     wait, and it was the last poll           failed (expired)
///     trouble of the account                   pause; the handshake's own state stays the same
///     5xx                                      retry
///     a retry or a pause, for a day from the   failed (unreachable)
///       deadline on
///
/// An ending that is no verified result is proven by `signature_attempts` answers of its kind in a
/// row, the last one `witness_time` after the first (`unknown_grace` for "no such handshake"), if
/// the trouble is that of this handshake (see Witnesses). If no other handshake can show that, the
/// same answers for limits::kLoneGraces times `unknown_grace` prove it (at zero, nothing but the
/// answers counts); and whatever the others show, it is proven limits::kUnreachableAfter after the
/// deadline, by answers of any kinds in a row.
using Verdict = std::variant<verdict::Wait, verdict::Retry, verdict::Pause, verdict::Finish>;

/// Returns whether the answer shows that the account and the server are healthy.
bool is_healthy(const Verdict& verdict);
/// Returns the trouble as a word of a closed list for the log; empty: none.
std::string_view trouble_of(const Verdict& verdict);

/// The changes that an answer makes to the record of its handshake.
struct RecordChange {
  std::optional<Mono> last_pending;  ///< The time of a "not yet".
  std::optional<PendingRecord::Suspicion> suspicion;
  std::optional<Mono> suspect_since;  ///< The time of the first answer of a new suspicion.
  std::uint8_t witnesses = 0;         ///< Its answers in a row.
  std::optional<Mono> deadline;       ///< The new deadline, which is measured.
  bool is_overtime = false;           ///< More time was granted for the result.
};

void apply(const RecordChange& change, PendingRecord& record);

struct Judgement {
  Verdict verdict;
  RecordChange change;
  Charge charge = Charge::none;  ///< The fault of the answer.
};

/// The outcome of the check of a signature: the form that matched, or nothing if none did.
struct Verification {
  std::optional<SigningForm> form;
};

/// Returns the result whose signature must be verified before `answer` can be judged, or null if
/// there is none.
const Ended* result_to_verify(const Answer& answer);

/// Judges an answer. Pure. `verification` must be given if result_to_verify() is not null.
Judgement judge(const Answer& answer, const PendingRecord& record,
                const std::optional<Verification>& verification, Now now,
                const EngineSettings& settings, const Peers& peers);

/// Judges that a poll got no answer of Attestr: the verdict is a Finish with the reason
/// `unreachable`, or a Wait if the handshake goes on.
Judgement judge_silence(const PendingRecord& record, Mono now);

/// Returns the value by which tags are compared: the first 8 bytes of the SHA-256 of the tag, never
/// 0; 0 for an empty tag.
std::uint64_t digest_of_tag(std::string_view tag);

}  // namespace attestrd
