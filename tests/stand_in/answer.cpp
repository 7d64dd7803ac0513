#include "answer.h"

#include "session_result.h"

#include <fmt/format.h>

namespace attestrd::simulator {
namespace {

using J = SpelledJson;

/// Returns a UUID of version 4 (RFC 4122).
std::string make_uuid(Rng rng) {
  const std::uint64_t high = rng.next();
  const std::uint64_t low = rng.next();
  return fmt::format("{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}", high >> 32, (high >> 16) & 0xffff,
                     high & 0xfff, 0x8000 | (low >> 50), low & 0xffffffffffff);
}

/// Returns a number in the form of the sample, `3804-324489-8469`.
std::string make_number(Rng rng) {
  const std::string digits = rng.digits(14);
  return fmt::format("{}-{}-{}", digits.substr(0, 4), digits.substr(4, 6), digits.substr(10));
}

std::string other_id(std::string_view id) {
  std::string other(id);
  other.back() = other.back() == '0' ? '1' : '0';
  return other;
}

/// Adds `result` and `resultSignature`, or two nulls if there is no result.
void add_result(J& answer, const HandshakeView& view, const Dice& dice, const AnswerStyle& style,
                Fault fault) {
  if (view.standing != Standing::completed) {
    answer.add("result", J::null()).add("resultSignature", J::null());
    return;
  }
  constexpr int kDepth = 1;
  const J result = make_session_result(dice, style.result_bytes);
  const bool forged = view.forged || fault == Fault::bad_signature;
  const std::string secret = forged ? style.secret + "?" : style.secret;
  const std::string text = signed_text(result, style.form, style.layout, kDepth);
  answer.add("result", J::spelled(result.wire(style.layout, kDepth)))
      .add("resultSignature", J::string(hmac_sha256_hex(secret, text)));
}

/// Adds `archived`. Attestr's documentation permits it to be null or absent if the handshake is not
/// archived: one answer in four has null.
void add_archived(J& answer, const HandshakeView& view, const Dice& dice,
                  const AnswerStyle& style) {
  if (view.standing == Standing::archived) {
    const std::int64_t divisor = style.archived_in_seconds ? 1000 : 1;
    answer.add("archived", J::spelled(fmt::to_string(view.archived_unix_ms / divisor)));
  } else if (dice.stream(Purpose::archive, 1).chance(0.25)) {
    answer.add("archived", J::null());
  }
}

J make_answer(const HandshakeView& view, const Dice& dice, const AnswerStyle& style, Fault fault) {
  const bool consumed = view.standing != Standing::pending;
  J answer = J::object();
  answer.add("_id", J::string(fault == Fault::wrong_id ? other_id(view.id) : view.id))
      .add("number", J::string(make_number(dice.stream(Purpose::number))))
      .add("tag", J::string(view.tag))
      .add("requestId", J::string(make_uuid(dice.stream(Purpose::request_id, view.turn))));
  if (fault == Fault::duplicate_keys)
    answer.add("consumed", J::boolean(!consumed)).add("result", J::object());
  answer.add("consumed", J::boolean(consumed));
  add_archived(answer, view, dice, style);
  add_result(answer, view, dice, style, fault);
  return answer;
}

/// Returns a page of a proxy, a truncated JSON text with a correct Content-Length, or an empty
/// body.
std::string make_garbage(const std::string& body, std::uint64_t turn) {
  switch (turn % 3) {
    case 0: return "<html><body><h1>Welcome to the hotel network</h1></body></html>";
    case 1: return body.substr(0, body.size() / 2);
    default: return "";
  }
}

}  // namespace

std::string answer_body(const HandshakeView& view, const Dice& dice, const AnswerStyle& style,
                        Fault fault) {
  std::string body = make_answer(view, dice, style, fault).wire(style.layout);
  return fault == Fault::garbage ? make_garbage(body, view.turn) : body;
}

std::string error_body(const AttestrError& error, std::string_view details) {
  J body = J::object();
  body.add("code", J::spelled(std::string(error.code))).add("message", J::string(error.message));
  if (!details.empty()) body.add("details", J::string(details));
  return body.wire(Layout::compact);
}

std::string tag_of(std::string_view id) { return Dice(0, id).stream(Purpose::tag).digits(6); }

}  // namespace attestrd::simulator
