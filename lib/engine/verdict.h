#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>

#include "admission/account_gate.h"
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
///     no valid answer                          retry; after `signature_attempts` of the kind
///                                                that seems forged: rejected
///     archived, with a result                  as consumed with a result
///     archived, without a result               archived
///     consumed, with a result, signature good  completed; with a wrong tag: as a bad signature
///     consumed, with a result, signature bad   retry; after `signature_attempts`: rejected
///     consumed, without a result               wait
///     not consumed                             wait
///     no such handshake                        wait; after `unknown_grace`: failed (not_found)
///     wait, and it was the last poll           failed (expired)
///     trouble of the account                   pause; the handshake's own state stays the same
///     5xx                                      retry
using Verdict = std::variant<verdict::Wait, verdict::Retry, verdict::Pause, verdict::Finish>;

/// Returns whether the answer shows that the account and the server are healthy.
bool is_healthy(const Verdict& verdict);
/// Returns the trouble as a word of a closed list for the log; empty: none.
std::string_view trouble_of(const Verdict& verdict);

/// The changes that an answer makes to the record of its handshake.
struct RecordChange {
  std::optional<Mono> last_pending;    ///< The time of a "not yet".
  std::optional<std::uint8_t> doubts;  ///< Consecutive answers that seem forged.
  bool is_known = false;               ///< Attestr knows the handshake.
  std::optional<Mono> unknown_since;   ///< The time of the first "no such handshake" in a row.
  std::optional<Mono> deadline;        ///< The new deadline, which is measured.
  bool is_overtime = false;            ///< More time was granted for the result.
};

void apply(const RecordChange& change, PendingRecord& record);

struct Judgement {
  Verdict verdict;
  RecordChange change;
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
                const EngineSettings& settings);

/// Returns the value by which tags are compared: the first 8 bytes of the SHA-256 of the tag, never
/// 0; 0 for an empty tag.
std::uint64_t digest_of_tag(std::string_view tag);

}  // namespace attestrd
