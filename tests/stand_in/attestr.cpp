#include "attestr.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace attestrd::simulator {
namespace {

constexpr std::string_view kApi = "/api/";
constexpr std::string_view kEndpoint = "/public/flowx/handshake/";

/// The two variable parts of a path.
struct Path {
  std::string_view version;
  std::string_view id;
};

std::optional<Path> parse_path(std::string_view target) {
  if (!target.starts_with(kApi)) return std::nullopt;
  target.remove_prefix(kApi.size());
  const auto version_end = target.find('/');
  if (version_end == std::string_view::npos) return std::nullopt;
  const std::string_view rest = target.substr(version_end);
  if (!rest.starts_with(kEndpoint)) return std::nullopt;
  return Path{target.substr(0, version_end), rest.substr(kEndpoint.size())};
}

bool is_json(std::string_view content_type) {
  return content_type.substr(0, content_type.find(';')) == "application/json";
}

std::string_view label(Standing standing, bool forged) {
  switch (standing) {
    case Standing::unknown: return "not_found";
    case Standing::pending: return "pending";
    case Standing::completed: return forged ? "forged" : "completed";
    case Standing::archived: return "archived";
  }
  return "";
}

std::int64_t unix_ms(WallTime time) {
  return std::chrono::floor<std::chrono::milliseconds>(time).time_since_epoch().count();
}

bool asks_to_wait(const AttestrError& error) {
  return error.code == kAccountRate.code || error.code == kApiRate.code ||
         error.code == kUnavailable.code;
}

}  // namespace

Attestr::Attestr(AttestrSettings settings, Moment start)
    : settings_(std::move(settings)),
      start_(start),
      limits_(settings_.rate_limit, settings_.daily_limit) {}

Reply Attestr::reply(const Query& query, Moment now) {
  const std::optional<Path> path = parse_path(query.target);
  const bool has_id = path && is_handshake_id(path->id);
  const std::string_view id = has_id ? path->id : std::string_view();

  const AccountLimits::Verdict verdict = limits_.admit(now);
  if (verdict != AccountLimits::Verdict::admitted) {
    const bool too_fast = verdict == AccountLimits::Verdict::too_fast;
    Reply reply = reply_with(too_fast ? kApiRate : kDailyLimit, id, now);
    reply.limited = true;
    return reply;
  }
  if (query.method != "GET") return reply_with(kNoSuchMethod, id, now);
  if (!is_authorized(query.authorization)) return reply_with(kBadToken, id, now);
  if (!path) return reply_with(kNoSuchPath, id, now);
  if (path->version != "v1") return reply_with(kNoSuchVersion, id, now);
  if (!has_id || !is_json(query.content_type)) return reply_with(kMalformed, id, now);
  return reply_about(id, now);
}

Reply Attestr::reply_about(std::string_view id, Moment now) {
  const SteadyTime birth = settings_.created_at_start ? start_.steady : now.steady;
  Handshake& handshake = handshakes_.try_emplace(std::string(id), Handshake{birth}).first->second;

  const Fate fate = fate_of(settings_.fates, id);
  const std::chrono::duration<double> age = now.steady - handshake.born;
  const Standing standing = standing_at(fate, age.count());
  const Dice dice(settings_.fates.seed, id);
  const Rng luck = dice.stream(Purpose::fault, handshake.turns);
  Fault fault = account_fault(now);
  if (fault == Fault::none) fault = settings_.faults.draw(luck, standing);

  Reply reply;
  if (const AttestrError* error = error_of(fault)) {
    reply = reply_with(*error, id, now);
  } else if (standing == Standing::unknown) {
    reply = reply_with(kNotFound, id, now);
  } else {
    reply.id = id;
    reply.http.body = body_about(id, fate, handshake, standing, fault);
  }
  ++handshake.turns;
  reply.fault = fault;
  const bool forged = fate.outcome == Outcome::forged;
  reply.answer = spoils_answer(fault) ? name_of(fault) : label(standing, forged);
  return reply;
}

Fault Attestr::account_fault(Moment now) const {
  const std::chrono::duration<double> uptime = now.steady - start_.steady;
  const auto spell = static_cast<std::uint64_t>(uptime.count() / settings_.spell_s);
  return settings_.faults.of_account(settings_.fates.seed, spell);
}

std::string Attestr::body_about(std::string_view id, const Fate& fate, const Handshake& handshake,
                                Standing standing, Fault fault) const {
  const std::string tag = tag_given(id);
  HandshakeView view{.id = id, .tag = tag, .standing = standing, .turn = handshake.turns};
  view.forged = fate.outcome == Outcome::forged;
  if (standing == Standing::archived) {
    const std::chrono::duration<double> since_start =
        handshake.born - start_.steady + std::chrono::duration<double>(fate.archived_s);
    view.archived_unix_ms =
        unix_ms(start_.wall + std::chrono::duration_cast<WallTime::duration>(since_start));
  }
  return answer_body(view, Dice(settings_.fates.seed, id), settings_.style, fault);
}

Reply Attestr::reply_with(const AttestrError& error, std::string_view id, Moment now) const {
  Reply reply;
  reply.id = id;
  reply.answer = error.code;
  reply.http.status = error.http_status;
  reply.http.body = error_body(error);
  if (asks_to_wait(error))
    reply.http.retry_after = retry_after_value(settings_.retry_after, now.wall);
  if (error.http_status == kBadGateway.http_status) {  // An answer of a proxy is not JSON.
    reply.http.content_type = "text/html";
    reply.http.body = "<html><body><h1>502 Bad Gateway</h1></body></html>";
  }
  return reply;
}

bool Attestr::is_authorized(std::string_view authorization) const {
  constexpr std::string_view kScheme = "Basic ";
  if (!authorization.starts_with(kScheme)) return false;
  const std::string_view token = authorization.substr(kScheme.size());
  return settings_.token.empty() ? !token.empty() : token == settings_.token;
}

std::string Attestr::tag_given(std::string_view id) const {
  if (settings_.tags.empty()) return tag_of(id);
  const auto given = settings_.tags.find(std::string(id));
  return given == settings_.tags.end() ? tag_of(id) : given->second;
}

}  // namespace attestrd::simulator
