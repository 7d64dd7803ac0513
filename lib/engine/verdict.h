#pragma once

#include <optional>
#include <string_view>

#include "engine/roster.h"
#include "engine/settings.h"
#include "handshake/handshake.h"
#include "poll/answer.h"
#include "admission/account_gate.h"
#include "verify/verifier.h"

namespace attestrd {

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
struct Verdict {
  enum class Kind : std::uint8_t {
    wait,    ///< Not yet: the cadence says when to ask again.
    retry,   ///< Something went wrong: its own backoff says when.
    pause,   ///< The account waits; this handshake is asked again when that is over.
    finish,  ///< It has ended.
  };
  Kind kind{};
  Outcome outcome{};
  Reason reason = Reason::none;
  std::optional<SigningForm> form;
  PauseReason pause{};
  /// The answer shows that the account and the server are well.
  bool is_healthy = false;
  /// For the log, when something went wrong: a word of a closed list.
  std::string_view trouble;
};

/// Pure but for what `verifier` remembers; counts the doubts and keeps the unknown grace in
/// `record`.
Verdict judge(const Answer& answer, PendingRecord& record, Now now, const EngineSettings& settings,
              Verifier& verifier);

/// What a tag is compared by: the first 8 bytes of its SHA-256, never 0; 0 for an empty tag.
std::uint64_t digest_of_tag(std::string_view tag);

}  // namespace attestrd
