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

/// Not yet: the cadence says when to poll again.
struct Wait {};

/// Something went wrong with this poll: the handshake's own backoff says when to poll again.
struct Retry {
  std::string_view trouble;  ///< For the log: a word of a closed list.
  /// The answer shows nevertheless that the account and the server are well.
  bool is_healthy = false;
};

/// The account pauses; the handshake is polled again when that is over.
struct Pause {
  PauseReason reason{};
  std::string_view trouble;  ///< For the log: a word of a closed list.
};

/// The handshake has ended.
struct Finish {
  Outcome outcome{};
  Reason reason = Reason::none;
  std::optional<SigningForm> form;  ///< The signing form that held, for `completed`.
};

}  // namespace verdict

/// What an answer means for its handshake. The state table of the engine:
///
///     answer                                   verdict
///     ------                                   -------
///     no valid answer                          retry; after `signature_attempts` of the kind
///                                                that seems forged: rejected
///     archived, with a result                  as consumed with a result
///     archived, without                        archived
///     consumed, with a result, signature good  completed; another tag than given: as a bad one
///     consumed, with a result, signature bad   retry; after `signature_attempts`: rejected
///     consumed, without a result               wait
///     not consumed                             wait
///     no such handshake                        wait; after `unknown_grace`: failed (not_found)
///     wait, and it was the last poll           failed (expired)
///     the account's trouble                    pause; for this handshake nothing has happened
///     5xx                                      retry
using Verdict = std::variant<verdict::Wait, verdict::Retry, verdict::Pause, verdict::Finish>;

/// The answer shows that the account and the server are well.
bool is_healthy(const Verdict& verdict);
/// What went wrong, as a word of a closed list for the log; empty: nothing.
std::string_view trouble_of(const Verdict& verdict);

/// What an answer changes in the record of its handshake.
struct RecordChange {
  std::optional<Mono> last_pending;    ///< Attestr said "not yet" then.
  std::optional<std::uint8_t> doubts;  ///< Answers in a row that seem forged.
  bool is_known = false;               ///< Attestr knows the handshake.
  std::optional<Mono> unknown_since;   ///< Attestr does not know it, for the first time in a row.
  std::optional<Mono> deadline;        ///< It moves.
  std::optional<Wall> deadline_wall;   ///< Likewise, by the wall clock.
  bool is_overtime = false;            ///< Time was granted for the result.
};

void apply(const RecordChange& change, PendingRecord& record);

struct Judgement {
  Verdict verdict;
  RecordChange change;
};

/// The result of the answer was held against its signature: this form held, or none did.
struct Verification {
  std::optional<SigningForm> form;
};

/// The result whose signature must be verified before `answer` can be judged; nothing: none.
const Ended* result_to_verify(const Answer& answer);

/// Judges an answer. Pure. `verification` must be given if result_to_verify() is.
Judgement judge(const Answer& answer, const PendingRecord& record,
                const std::optional<Verification>& verification, Now now,
                const EngineSettings& settings);

/// What a tag is compared by: the first 8 bytes of its SHA-256, never 0; 0 for an empty tag.
std::uint64_t digest_of_tag(std::string_view tag);

}  // namespace attestrd
