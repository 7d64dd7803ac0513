#include "simulation/upstream.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>

namespace attestrd::sim {
namespace {

using namespace std::chrono_literals;

std::string sign(std::string_view text, std::string_view secret) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned size = 0;
  HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data(), &size);
  std::string hex;
  for (unsigned i = 0; i < size; ++i) hex += fmt::format("{:02x}", digest[i]);
  return hex;
}

std::string answer_text(std::string_view id, std::string_view fields) {
  return fmt::format(R"({{"_id":"{}","tag":"t","requestId":"r-1",{}}})", id, fields);
}

std::string signed_text(std::string_view id, std::string_view result,
                        std::string_view secret = kClientSecret) {
  return answer_text(id, fmt::format(R"("consumed":true,"result":{},"resultSignature":"{}")",
                                     result, sign(result, secret)));
}

std::string result_of(std::string_view id) {
  return fmt::format(R"({{"FS01":{{"input":{{}},"output":{{"name":"N {}"}}}}}})", id);
}

std::string text_of_another() { return signed_text("DSsomebodyElse", result_of("DSsomebodyElse")); }

constexpr std::string_view kSkippedResult = R"({"FS01":{"input":{},"output":{}}})";

/// Returns an IMF-fixdate (RFC 9110, 5.6.7), without the code under test.
std::string http_date(Wall time) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
  return fmt::format("{:%a, %d %b %Y %H:%M:%S GMT}", fmt::gmtime(std::time_t{seconds}));
}

}  // namespace

void Upstream::enrol(const HandshakeId& id, Mono now, Duration patience) {
  Fate fate;
  if (luck_.chance(0.65)) fate.consumed_at = now + luck_.spread(1s, patience * 2);
  if (crowd > Duration(0) && fate.consumed_at != Mono::max())
    fate.consumed_at += crowd - fate.consumed_at.time_since_epoch() % crowd;
  if (luck_.chance(0.1)) fate.known_from = now + luck_.spread(1s, 30min);
  if (luck_.chance(0.05)) fate.known_from = Mono::max();
  if (fate.consumed_at != Mono::max()) {
    fate.result_at = fate.consumed_at + (luck_.chance(0.1) ? luck_.spread(1s, 10min) : 0s);
    if (luck_.chance(0.1)) fate.archived_at = fate.result_at + luck_.spread(1s, 48h);
  }
  fate.is_forged = luck_.chance(0.05);
  // Draws from a copy, so that seeds without poison keep their course.
  Luck copy = luck_;
  if (weather.poisoned > 0 && copy.chance(weather.poisoned)) {
    fate.is_forbidden = copy.chance(0.5);
    fate.is_html_not_found = !fate.is_forbidden;
  }
  fate.is_skipped = weather.skipped > 0 && copy.chance(weather.skipped);
  const std::string result = fate.is_skipped ? std::string(kSkippedResult) : result_of(id.view());
  fate.genuine = signed_text(id.view(), result);
  fate.signed_otherwise = signed_text(id.view(), result, kOtherSecret);
  fates_[id] = fate;
}

Upstream::Answer Upstream::answer(const HandshakeId& id, Mono now, Wall true_wall) {
  Answer answer;
  if (!luck_.chance(weather.dateless)) answer.date = http_date(true_wall);
  answer.is_misdated = weather.misdated > 0 && luck_.chance(weather.misdated);
  if (answer.is_misdated)
    answer.date = http_date(luck_.chance(0.5) ? Wall{} : true_wall - luck_.spread(1s, 1000h));
  if (spell) {
    say_trouble_of_account(answer, *spell);
  } else if (general == General::html_not_found) {
    say_general(id, answer);
  } else if (say_poison(fates_.at(id), answer)) {
    return answer;
  } else if (!say_trouble(answer)) {
    say_truth(id, fates_.at(id), now, answer);
  }
  return answer;
}

void Upstream::say_trouble_of_account(Answer& answer, AccountTrouble::Kind kind) {
  using Kind = AccountTrouble::Kind;
  struct Words {
    unsigned status;
    int code;
  };
  static const std::map<Kind, Words> kWords = {
      {Kind::unauthorized, {401, 4016}}, {Kind::forbidden, {403, 4031}},
      {Kind::low_credits, {400, 4005}},  {Kind::wrong_version, {400, 40051}},
      {Kind::rate_limited, {429, 4291}}, {Kind::daily_limit, {429, 4293}}};
  const auto [status, code] = kWords.at(kind);
  answer.served = kind == Kind::rate_limited ? Served::refused : Served::account;
  answer.status = status;
  answer.body = fmt::format(R"({{"code":{},"message":"m"}})", code);
  // Seldom for a refused rate, which falls to its floor only by many refusals.
  const double patience = kind == Kind::rate_limited ? 0.02 : 0.5;
  if (status == 429 && luck_.chance(patience)) ask_for_patience(answer);
}

void Upstream::ask_for_patience(Answer& answer) {
  answer.retry_after_time = std::chrono::floor<std::chrono::seconds>(luck_.spread(1s, 3h));
  answer.retry_after = fmt::format("{}", *answer.retry_after_time / 1s);
}

bool Upstream::say_trouble(Answer& answer) {
  if (luck_.chance(weather.transport)) {
    using Kind = TransportFailure::Kind;
    constexpr std::array kKinds = {Kind::resolve, Kind::connect, Kind::tls,      Kind::timeout,
                                   Kind::reset,   Kind::framing, Kind::too_large};
    answer.served = Served::transport;
    answer.failure = TransportFailure{kKinds[luck_.below(kKinds.size())], "as the weather is", -1};
    return true;
  }
  if (luck_.chance(weather.server)) {
    answer.served = Served::server;
    answer.status = static_cast<unsigned>(500 + luck_.below(5));
    answer.body = "oops";
    if (luck_.chance(0.3)) ask_for_patience(answer);
    return true;
  }
  if (luck_.chance(weather.garbage)) {
    answer.served = Served::garbage;
    constexpr std::array kBodies = {"", "{", "[]", "null", R"({"_id":7})", "<html>"};
    answer.body = kBodies[luck_.below(kBodies.size())];
    return true;
  }
  return false;
}

bool Upstream::say_poison(const Fate& fate, Answer& answer) {
  if (!fate.is_forbidden && !fate.is_html_not_found) return false;
  answer.served = fate.is_forbidden ? Served::account : Served::server;
  answer.status = fate.is_forbidden ? 403 : 404;
  answer.body = fate.is_forbidden ? R"({"code":4031,"message":"m"})" : "<html>no such page</html>";
  return true;
}

void Upstream::say_signed_otherwise(const Fate& fate, Answer& answer) {
  answer.body = fate.signed_otherwise;
  answer.is_signed_otherwise = true;
}

/// Replaces the answer by that of the general trouble, as far as it has any effect on this one.
void Upstream::say_general(const HandshakeId& id, Answer& answer) {
  const bool has_result = answer.served == Served::genuine;
  if (general == General::bad_signature && !has_result) return;
  answer.is_general = true;
  answer.served = Served::doubtful;
  switch (*general) {
    case General::html_not_found:
      answer.served = Served::server;
      answer.status = 404;
      answer.body = "<html>no such page</html>";
      return;
    case General::bad_signature: say_signed_otherwise(fates_.at(id), answer); return;
    case General::wrong_id: answer.body = text_of_another(); return;
    case General::duplicate_key:
      answer.body = R"({"tag":"t",)" + answer_text(id.view(), R"("consumed":false)").substr(1);
      return;
    case General::unknown:
      answer.served = Served::unknown;
      answer.status = 404;
      answer.body = R"({"code":4002,"message":"m"})";
      return;
    case General::archived:
      answer.served = Served::archived;
      answer.body = answer_text(id.view(), R"("consumed":true,"archived":1764000000000)");
      return;
  }
}

void Upstream::delivered(const HandshakeId& id, const std::string& record) {
  const Fate& fate = fates_.at(id);
  std::erase(delivered_, id);  // A result that is signed otherwise takes the place of its own.
  if (!fate.is_skipped && record.find(fate.genuine) != std::string::npos) delivered_.push_back(id);
}

void Upstream::say_replayed(const HandshakeId& id, Answer& answer) {
  const auto& other = delivered_[luck_.below(delivered_.size())];
  if (other == id) return;  // It was taken up again, and repeats itself.
  answer.served = Served::replayed;
  answer.body = signed_text(id.view(), result_of(other.view()));
}

void Upstream::say_truth(const HandshakeId& id, const Fate& fate, Mono now, Answer& answer) {
  const auto name = id.view();
  if (now < fate.known_from || luck_.chance(weather.unknown)) {
    answer.served = Served::unknown;
    answer.status = luck_.chance(0.5) ? 404 : 400;
    answer.body = R"({"code":4001,"message":"m"})";
  } else if (now < fate.consumed_at) {
    answer.served = Served::pending;
    answer.body = answer_text(name, R"("consumed":false,"result":null)");
  } else if (now < fate.result_at) {
    answer.served = Served::unfinished;
    answer.body = answer_text(name, R"("consumed":true,"result":null)");
  } else if (now >= fate.archived_at) {
    answer.served = Served::archived;
    answer.body = answer_text(name, R"("consumed":true,"result":null,"archived":1764000000000)");
  } else {
    answer.served = Served::genuine;
    answer.body = fate.genuine;
  }
  if (general && answer.status == 200) return say_general(id, answer);
  if (fate.is_forged && answer.served == Served::genuine) {
    answer.served = Served::doubtful;
    say_signed_otherwise(fate, answer);
  } else if (answer.status == 200 && luck_.chance(weather.doubtful)) {
    answer.served = Served::doubtful;
    answer.body = luck_.chance(0.5) ? text_of_another() : R"({"tag":"t",)" + answer.body.substr(1);
  } else if (answer.served == Served::genuine && weather.replayed > 0 && !delivered_.empty() &&
             luck_.chance(weather.replayed)) {
    say_replayed(id, answer);
  }
}

}  // namespace attestrd::sim
