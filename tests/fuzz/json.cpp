// Fuzzes JSON texts: json_scanner, json_object, json_string and verify/signing_form against
// Boost.JSON.

#include "fuzz/target.h"

#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

#include "fuzz/json_events.h"
#include "fuzz/json_tree.h"
#include "json/json_object.h"
#include "json/json_scanner.h"
#include "json/json_string.h"
#include "json/key_twin.h"
#include "verify/signing_form.h"

namespace attestrd::fuzz {
namespace {

using Kind = JsonEvent::Kind;
using TokenKind = JsonToken::Kind;

Kind kind_of(TokenKind token) {
  switch (token) {
    case TokenKind::begin_object: return Kind::begin_object;
    case TokenKind::end_object: return Kind::end_object;
    case TokenKind::begin_array: return Kind::begin_array;
    case TokenKind::end_array: return Kind::end_array;
    case TokenKind::key: return Kind::key;
    case TokenKind::string: return Kind::string;
    case TokenKind::number: return Kind::number;
    case TokenKind::boolean: return Kind::boolean;
    default: return Kind::null;
  }
}

/// Returns the text that the other parser gives to a token of the scanner.
std::string text_of(const JsonToken& token) {
  switch (token.kind) {
    case TokenKind::key:
    case TokenKind::string: {
      const auto text = unescape_json_string(token.text);
      ATTESTRD_CHECK(json_string_equals(token.text, text));
      ATTESTRD_CHECK(!json_string_equals(token.text, text + "x"));
      return text;
    }
    case TokenKind::number: return with_short_exponent(token.text);
    case TokenKind::boolean: return std::string(token.text);
    default: return "";
  }
}

/// Returns all tokens; nothing if there is a fault.
std::optional<JsonEvents> scanned(std::string_view text) {
  JsonEvents tokens;
  JsonScanner scanner(text);
  const char* place = text.data();
  for (;;) {
    const JsonToken token = scanner.next();
    if (token.kind == TokenKind::fault) {
      ATTESTRD_CHECK(scanner.fault() != JsonFault::none && scanner.next().kind == TokenKind::fault);
      return std::nullopt;
    }
    ATTESTRD_CHECK(scanner.fault() == JsonFault::none);
    ATTESTRD_CHECK(token.text.data() >= place);
    ATTESTRD_CHECK(token.text.data() + token.text.size() <= text.data() + text.size());
    place = token.text.data() + token.text.size();
    if (token.kind == TokenKind::end) {
      ATTESTRD_CHECK(scanner.depth() == 0 && scanner.next().kind == TokenKind::end);
      return tokens;
    }
    tokens.push_back({kind_of(token.kind), text_of(token)});
  }
}

void check_member(const JsonMember& member, const JsonTree& value) {
  switch (value.token.kind) {
    case Kind::begin_object: ATTESTRD_CHECK(member.kind == JsonKind::object); break;
    case Kind::begin_array: ATTESTRD_CHECK(member.kind == JsonKind::array); break;
    case Kind::string: ATTESTRD_CHECK(member.kind == JsonKind::string); break;
    case Kind::number: ATTESTRD_CHECK(member.kind == JsonKind::number); break;
    case Kind::boolean: ATTESTRD_CHECK(member.kind == JsonKind::boolean); break;
    default: ATTESTRD_CHECK(member.kind == JsonKind::null);
  }
  const bool is_string = member.kind == JsonKind::string;
  const auto text = is_string ? '"' + std::string(member.text) + '"' : std::string(member.text);
  ATTESTRD_CHECK(json_events(text) == json_events_of(value));
  ATTESTRD_CHECK(is_string || text.find_first_of(" \t\r\n") != 0);
  ATTESTRD_CHECK(is_string || text.find_last_of(" \t\r\n") != text.size() - 1);
}

/// Returns whether a member that is not wanted is a twin of one that is.
bool has_twin(const JsonTree& tree, const std::vector<JsonMember>& wanted) {
  return std::ranges::any_of(tree.members, [&wanted](const JsonTree::Member& member) {
    return std::ranges::find(wanted, member.key, &JsonMember::name) == wanted.end() &&
           std::ranges::any_of(wanted, [&member](const JsonMember& other) {
             return is_key_twin(member.key, other.name);
           });
  });
}

/// Checks the first members, and one that is absent.
void check_slices(std::string_view text, const JsonTree& tree) {
  constexpr std::size_t kMembers = 7;
  std::vector<JsonMember> wanted;
  for (const auto& [key, value] : tree.members)
    if (wanted.size() < kMembers) wanted.push_back({key});
  std::string other = "other";
  const auto is_there = [&other](const auto& member) { return member.key == other; };
  while (std::ranges::any_of(tree.members, is_there)) other += 'x';
  wanted.push_back({other});
  const bool is_doubtful = has_twin(tree, wanted);
  const auto fault = is_doubtful ? JsonFault::duplicate_key : JsonFault::none;
  ATTESTRD_CHECK(scan_object(text, wanted) == fault);
  if (is_doubtful) return;
  for (const auto& member : wanted) {
    const auto value = std::ranges::find(tree.members, member.name, &JsonTree::Member::key);
    if (value == tree.members.end())
      ATTESTRD_CHECK(member.kind == JsonKind::absent && member.text.empty());
    else
      check_member(member, value->value);
  }
}

std::string form_of(SigningForm form, std::string_view text) {
  std::string out;
  write_signing_form(form, text, [&out](std::string_view piece) { out += piece; });
  return out;
}

bool has_space_between_words(std::string_view text) {
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (in_string && text[i] == '\\')
      ++i;
    else if (text[i] == '"')
      in_string = !in_string;
    else if (!in_string && std::string_view(" \t\r\n").find(text[i]) != std::string_view::npos)
      return true;
  }
  return false;
}

/// Returns whether two texts differ only in the spelling of a number, and that of `text` is no
/// longer. printf can't find the shortest digits at a power of two, where the gaps below and above
/// differ.
bool spells_numbers_better(std::string_view text, std::string_view reference) {
  const auto ours = json_events(text);
  const auto theirs = json_events(reference);
  if (!ours || !theirs) return false;
  return std::ranges::equal(*ours, *theirs, [](const JsonEvent& a, const JsonEvent& b) {
    if (a.kind != Kind::number || b.kind != Kind::number) return a == b;
    const bool is_same =
        std::strtod(a.text.c_str(), nullptr) == std::strtod(b.text.c_str(), nullptr);
    return is_same && a.text.size() <= b.text.size();
  });
}

void check_forms(std::string_view text, const JsonEvents& events, const JsonTree& tree) {
  ATTESTRD_CHECK(form_of(SigningForm::raw, text) == text);

  const auto compact = form_of(SigningForm::compact, text);
  ATTESTRD_CHECK(json_events(compact) == events);
  ATTESTRD_CHECK(!has_space_between_words(compact));
  ATTESTRD_CHECK(form_of(SigningForm::compact, compact) == compact);

  const auto written = form_of(SigningForm::stringify, text);
  const auto reference = stringified(tree);
  ATTESTRD_CHECK(written == reference || spells_numbers_better(written, reference));
  ATTESTRD_CHECK(json_events(written).has_value() && !has_space_between_words(written));
  ATTESTRD_CHECK(form_of(SigningForm::stringify, written) == written);
  ATTESTRD_CHECK(form_of(SigningForm::stringify, compact) == written);
}

void check(std::string_view text) {
  const auto events = json_events(text);
  ATTESTRD_CHECK(scanned(text) == events);
  const JsonFault fault = scan_object(text, {});
  if (!events) {
    ATTESTRD_CHECK(fault != JsonFault::none && fault != JsonFault::duplicate_key);
    return;
  }
  if (events->front().kind != Kind::begin_object) {
    ATTESTRD_CHECK(fault == JsonFault::not_object);
    return;
  }
  const JsonTree tree = json_tree(*events);
  if (repeats_a_key(tree)) {
    ATTESTRD_CHECK(fault == JsonFault::duplicate_key);
    return;
  }
  ATTESTRD_CHECK(fault == JsonFault::none);
  check_slices(text, tree);
  check_forms(text, *events, tree);
}

}  // namespace
}  // namespace attestrd::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  attestrd::fuzz::check(attestrd::fuzz::text_of(data, size));
  return 0;
}
