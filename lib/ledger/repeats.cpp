#include "ledger/repeats.h"

#include <array>

#include "base/check.h"
#include "base/limits.h"
#include "json/json_object.h"
#include "json/json_scanner.h"
#include "json/json_string.h"

namespace attestrd {
namespace {

using Kind = JsonToken::Kind;

/// Returns a member of an answer. The answer was read before, so it is valid.
JsonMember member_of(std::string_view answer, std::string_view name) {
  std::array members = {JsonMember{name}};
  return scan_object(answer, members) == JsonFault::none ? members[0] : JsonMember{name};
}

/// Reads the value that comes next. Returns whether it is empty.
bool skip_value(JsonScanner& scanner) {
  const auto depth = scanner.depth();
  const JsonToken first = scanner.next();
  std::size_t tokens = 1;
  for (; scanner.depth() > depth; ++tokens) scanner.next();
  switch (first.kind) {
    case Kind::null: return true;
    case Kind::string: return first.text.empty();
    case Kind::begin_object:
    case Kind::begin_array: return tokens == 2;
    default: return false;
  }
}

}  // namespace

void judge_repeat(Finish& finish, bool is_repeat, RepeatPolicy policy) {
  ATTESTRD_CHECK(finish.signature);
  const bool is_rejected =
      is_repeat && policy == RepeatPolicy::reject && has_output(finish.response);
  finish.is_repeat = is_repeat;
  finish.outcome = is_rejected ? Outcome::rejected : Outcome::completed;
  finish.reason = is_rejected ? Reason::replayed : Reason::none;
}

bool has_output(std::string_view answer) {
  JsonScanner scanner(member_of(answer, "result").text);
  for (;;) {
    const JsonToken token = scanner.next();
    if (token.kind == Kind::end || token.kind == Kind::fault) return false;
    if (token.kind != Kind::key) continue;
    if (json_string_equals(token.text, "input")) skip_value(scanner);
    if (json_string_equals(token.text, "output") && !skip_value(scanner)) return true;
  }
}

std::optional<SignaturePrefix> signature_in(std::string_view answer) {
  const auto signature = member_of(answer, "resultSignature");
  return signature.kind == JsonKind::string ? signature_prefix(signature.text) : std::nullopt;
}

}  // namespace attestrd
