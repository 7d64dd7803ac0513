#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "admission/pause_reason.h"
#include "base/time.h"
#include "engine/pending.h"
#include "engine/settings.h"
#include "engine/verdict.h"
#include "http/exchange.h"
#include "poll/answer.h"
#include "verify/verifier.h"

namespace attestrd {

// Functions that turn the reply to a poll into its meaning, as values. They change no state.

/// The party that a poll without a usable answer counts against.
enum class FailureKind : std::uint8_t {
  certificate,  ///< The account's connection: the server is not the one that we trust.
  proxy,        ///< Likewise: the proxy lets no connection through.
  no_answer,    ///< The server: each failure counts.
  no_memory,    ///< No other party: this host had no memory for the answer.
  bad_answer,   ///< The server, once for each handshake: an answer came, but it can't be used. One
                ///< handshake that can never be answered must not stop all others.
};

FailureKind kind_of(const TransportFailure& failure);

/// Returns the pause of the account that a failure of this kind calls for, or nothing.
std::optional<PauseReason> pause_for(FailureKind kind);

/// Returns whether a failure of this kind counts against the server. A `bad_answer` counts only as
/// the first error in a row of its handshake, or as that of a canary; `no_memory` never does.
bool counts_against_server(FailureKind kind, const PendingRecord& record);

/// An answer, and the outcome of the check of its signature if it has a result.
struct CheckedAnswer {
  Answer answer;
  std::optional<Verification> verification;
};

/// Parses the response to a poll of `asked`, and verifies its result. Takes up to seconds for the
/// largest answers.
CheckedAnswer check_answer(const HttpResponse& response, const HandshakeId& asked,
                           Verifier& verifier);

/// A complete answer with its judgement.
struct JudgedAnswer {
  Verdict verdict;
  RecordChange change;
  Charge charge{};
  std::optional<Duration> retry_after;  ///< The value in the answer, not capped.
};

/// Judges an answer. `verification` must be given if result_to_verify(answer) is not null.
///
/// The wall clock alone expires nothing. An expiry is postponed to the next poll while our clock is
/// one that can't be believed. An expiry by the wall clock is also postponed while the server's
/// clock, as this answer shows it, is before the deadline; if the answer shows none, while our
/// clock `is_doubtful`; and for at most limits::kExpiryPostponement after the deadline.
JudgedAnswer judge_answer(const HttpResponse& response, const Answer& answer,
                          const PendingRecord& record,
                          const std::optional<Verification>& verification, Now now,
                          const EngineSettings& settings, const Peers& peers, bool is_doubtful);

/// The kind of observation that an answer is for the hazard.
enum class Observation : std::uint8_t {
  nothing,
  pending,  ///< The handshake was not done yet.
  done,     ///< The handshake was done, and its result is trusted or lost.
};

Observation observation_of(const Answer& answer, const Verdict& verdict);

/// The kinds of answers that the metrics count, in the order of the label of Metric::polls.
enum class PollAnswer : std::uint8_t {
  pending,       ///< There is no result yet.
  completed,     ///< There is a result, whether its signature holds or not.
  archived,      ///< The result is archived.
  unknown,       ///< Attestr does not know the handshake.
  rate_limited,  ///< The rate or the daily limit refuses the poll.
  unauthorized,  ///< Other trouble of the account: the token, the service, credits, the version.
  server_error,
  transport,  ///< No answer came.
  malformed,  ///< The answer or its framing is not valid.
};

PollAnswer poll_answer(const Answer& answer);
PollAnswer poll_answer(const TransportFailure& failure);

/// Returns Attestr's tracing id of the answer; empty: it has none.
std::string_view request_id_of(const Answer& answer);
/// Returns the tag exactly as the answer contains it; empty: it has none.
std::string_view tag_of(const Answer& answer);
/// Returns the code of Attestr's error table; 0: the answer has none.
int code_of(const Answer& answer);

}  // namespace attestrd
