#include "engine/replies.h"

#include <utility>

#include "base/limits.h"
#include "http/http_date.h"
#include "http/retry_after.h"

namespace attestrd {
namespace {

// HTTP dates have no fractions of a second: the Date of an answer may be this much too early.
constexpr Duration kHttpDateStep = std::chrono::seconds(1);

struct CodeOf {
  int operator()(const Pending&) const { return 0; }
  int operator()(const Ended&) const { return 0; }
  int operator()(const auto& trouble) const { return trouble.code; }
};

struct PollAnswerOf {
  PollAnswer operator()(const Pending&) const { return PollAnswer::pending; }
  PollAnswer operator()(const Ended& ended) const {
    if (!ended.result.empty()) return PollAnswer::completed;
    return ended.archived ? PollAnswer::archived : PollAnswer::pending;
  }
  PollAnswer operator()(const Unknown&) const { return PollAnswer::unknown; }
  PollAnswer operator()(const AccountTrouble& trouble) const {
    switch (trouble.kind) {
      case AccountTrouble::Kind::rate_limited:
      case AccountTrouble::Kind::daily_limit: return PollAnswer::rate_limited;
      case AccountTrouble::Kind::unauthorized:
      case AccountTrouble::Kind::forbidden:
      case AccountTrouble::Kind::low_credits:
      case AccountTrouble::Kind::wrong_version: break;
    }
    return PollAnswer::unauthorized;
  }
  PollAnswer operator()(const ServerTrouble&) const { return PollAnswer::server_error; }
  PollAnswer operator()(const Invalid&) const { return PollAnswer::malformed; }
};

/// Returns whether the wall clock can't expire the handshake at this answer (see judge_answer()).
bool is_postponed(const HttpResponse& response, const PendingRecord& record, Now now,
                  const EngineSettings& settings, bool is_doubtful) {
  if (now.wall < settings.earliest_clock) return true;
  if (record.is_deadline_measured()) return false;
  if (now.mono - record.deadline >= limits::kExpiryPostponement) return false;
  const auto date = read_http_date(response.date, now.wall);
  if (!date || *date < settings.earliest_clock) return is_doubtful;
  if (record.deadline_wall() > *date + kHttpDateStep) return true;
  // The wall clock of the earlier boot may have been slow when the handshake was submitted.
  return is_doubtful && !record.has_expiry;
}

bool is_expiry(const Verdict& verdict) {
  const auto* const finish = std::get_if<verdict::Finish>(&verdict);
  return finish != nullptr && finish->reason == Reason::expired;
}

}  // namespace

FailureKind kind_of(const TransportFailure& failure) {
  switch (failure.kind) {
    case TransportFailure::Kind::certificate: return FailureKind::certificate;
    case TransportFailure::Kind::proxy: return FailureKind::proxy;
    case TransportFailure::Kind::framing:
    case TransportFailure::Kind::too_large: return FailureKind::bad_answer;
    case TransportFailure::Kind::shortage: return FailureKind::no_memory;
    case TransportFailure::Kind::resolve:
    case TransportFailure::Kind::connect:
    case TransportFailure::Kind::tls:
    case TransportFailure::Kind::timeout:
    case TransportFailure::Kind::reset: break;
  }
  return FailureKind::no_answer;
}

std::optional<PauseReason> pause_for(FailureKind kind) {
  if (kind == FailureKind::certificate) return PauseReason::certificate;
  if (kind == FailureKind::proxy) return PauseReason::proxy;
  return std::nullopt;
}

bool counts_against_server(FailureKind kind, const PendingRecord& record) {
  if (kind == FailureKind::no_memory) return false;
  return kind != FailureKind::bad_answer || record.is_canary || record.errors == 0;
}

CheckedAnswer check_answer(const HttpResponse& response, const HandshakeId& asked,
                           Verifier& verifier) {
  CheckedAnswer checked{read_answer(response, asked), std::nullopt};
  if (const Ended* const ended = result_to_verify(checked.answer))
    checked.verification = Verification{verifier.verify(ended->result, ended->signature)};
  return checked;
}

JudgedAnswer judge_answer(const HttpResponse& response, const Answer& answer,
                          const PendingRecord& record,
                          const std::optional<Verification>& verification, Now now,
                          const EngineSettings& settings, const Peers& peers, bool is_doubtful) {
  auto [verdict, change, charge] = judge(answer, record, verification, now, settings, peers);
  if (is_expiry(verdict) && is_postponed(response, record, now, settings, is_doubtful))
    verdict = verdict::Wait{};
  return {std::move(verdict), std::move(change), charge,
          read_retry_after(response.retry_after, response.date, now.wall)};
}

Observation observation_of(const Answer& answer, const Verdict& verdict) {
  if (std::holds_alternative<Pending>(answer)) return Observation::pending;
  const auto* const ended = std::get_if<Ended>(&answer);
  if (ended == nullptr) return Observation::nothing;
  if (ended->result.empty() && !ended->archived) return Observation::pending;
  const auto* const finish = std::get_if<verdict::Finish>(&verdict);
  const bool is_done = ended->consumed && finish != nullptr && finish->outcome != Outcome::rejected;
  return is_done ? Observation::done : Observation::nothing;
}

PollAnswer poll_answer(const Answer& answer) { return std::visit(PollAnswerOf{}, answer); }

PollAnswer poll_answer(const TransportFailure& failure) {
  return kind_of(failure) == FailureKind::bad_answer ? PollAnswer::malformed
                                                     : PollAnswer::transport;
}

std::string_view request_id_of(const Answer& answer) {
  if (const auto* const pending = std::get_if<Pending>(&answer)) return pending->request_id;
  if (const auto* const ended = std::get_if<Ended>(&answer)) return ended->request_id;
  return {};
}

std::string_view tag_of(const Answer& answer) {
  if (const auto* const pending = std::get_if<Pending>(&answer)) return pending->tag;
  if (const auto* const ended = std::get_if<Ended>(&answer)) return ended->tag;
  return {};
}

int code_of(const Answer& answer) { return std::visit(CodeOf{}, answer); }

}  // namespace attestrd
