#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/time.h"
#include "engine/pending.h"
#include "engine/settings.h"
#include "engine/verdict.h"
#include "http/exchange.h"
#include "poll/answer.h"

namespace attestrd {

// From the reply to a poll to what it means, as values. Nothing here changes anything.

/// What a poll that brought no usable answer speaks against.
enum class FailureKind : std::uint8_t {
  certificate,  ///< Against the account's connection: the server is not the one that we trust.
  no_answer,    ///< Against the server: each failure counts.
  bad_answer,   ///< Against the server once a handshake: an answer came, but it can't be used. One
                ///< handshake that can never be answered must not stop all others.
};

FailureKind kind_of(const TransportFailure& failure);

/// A failure of this kind counts against the server: for `bad_answer` only the first in a row of
/// its handshake, or that of a canary.
bool counts_against_server(FailureKind kind, const PendingRecord& record);

/// A whole answer, judged.
struct JudgedAnswer {
  Verdict verdict;
  RecordChange change;
  std::optional<Duration> retry_after;  ///< As the answer says, and not capped.
};

/// `verification` must be given if result_to_verify(answer) is. An expiry is postponed when the
/// server's clock, as far as the answer shows it, says that the deadline has not passed: our own
/// may have jumped while we were not running.
JudgedAnswer judge_answer(const HttpResponse& response, const Answer& answer,
                          const PendingRecord& record,
                          const std::optional<Verification>& verification, Now now,
                          const EngineSettings& settings);

/// What an answer says of when handshakes get done.
enum class Observation : std::uint8_t {
  nothing,
  pending,  ///< It was not done yet.
  done,     ///< It was done, and its result is one that we trust, or lost.
};

Observation observation_of(const Answer& answer, const Verdict& verdict);

/// Attestr's tracing id of the answer; empty: it has none.
std::string_view request_id_of(const Answer& answer);
/// The tag of the answer as it stands there; empty: it has none.
std::string_view tag_of(const Answer& answer);
/// The code of Attestr's error table; 0: the answer has none.
int code_of(const Answer& answer);

}  // namespace attestrd
