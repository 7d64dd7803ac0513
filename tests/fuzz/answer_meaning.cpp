#include "fuzz/answer_meaning.h"

#include <algorithm>
#include <cctype>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "fuzz/json_tree.h"
#include "fuzz/target.h"
#include "json/json_string.h"
#include "json/key_twin.h"

namespace attestrd::fuzz {
namespace {

using Kind = JsonEvent::Kind;

/// Returns the body if it is a single JSON object.
std::optional<JsonTree> object_of(std::string_view body) {
  const auto events = json_events(body);
  if (!events || events->front().kind != Kind::begin_object) return std::nullopt;
  return json_tree(*events);
}

/// Returns a member; null if it is absent.
JsonTree member_of(const JsonTree& object, std::string_view key) {
  const auto found = std::ranges::find(object.members, key, &JsonTree::Member::key);
  return found == object.members.end() ? JsonTree{{Kind::null, ""}, {}, {}} : found->value;
}

bool is_one_of(const JsonTree& value, std::initializer_list<Kind> kinds) {
  return std::ranges::find(kinds, value.token.kind) != kinds.end();
}

/// Returns whether a key of the answer is a twin of a documented one.
bool has_twin(const JsonTree& object) {
  constexpr std::string_view kKnown[] = {"_id",      "number",   "tag",    "requestId",
                                         "consumed", "archived", "result", "resultSignature"};
  return std::ranges::any_of(object.members, [&kKnown](const JsonTree::Member& member) {
    return std::ranges::find(kKnown, member.key) == std::end(kKnown) &&
           std::ranges::any_of(kKnown, [&member](std::string_view known) {
             return is_key_twin(member.key, known);
           });
  });
}

bool is_null(const JsonTree& value) { return value.token.kind == Kind::null; }

bool names(const JsonTree& object, const HandshakeId& id) {
  return member_of(object, "_id").token == JsonEvent{Kind::string, std::string(id.view())};
}

bool has_good_types(const JsonTree& object) {
  return is_one_of(member_of(object, "_id"), {Kind::string}) &&
         is_one_of(member_of(object, "consumed"), {Kind::boolean}) &&
         is_one_of(member_of(object, "archived"), {Kind::null, Kind::number}) &&
         is_one_of(member_of(object, "result"), {Kind::null, Kind::begin_object}) &&
         is_one_of(member_of(object, "resultSignature"), {Kind::null, Kind::string}) &&
         is_one_of(member_of(object, "tag"), {Kind::null, Kind::string, Kind::number});
}

bool is_plain(std::string_view content_encoding) {
  std::string text(content_encoding);
  std::ranges::transform(text, text.begin(), [](char c) { return static_cast<char>(c | 0x20); });
  return text.empty() || text == "identity";
}

/// The checks of each kind of answer.
class Checker {
 public:
  Checker(const HttpResponse& response, const HandshakeId& asked)
      : response_(response), asked_(asked), object_(object_of(response.body)) {}

  void operator()(const Pending& pending) const {
    check_ground();
    ATTESTRD_CHECK(member_of(*object_, "consumed").token.text == "false");
    check_strings(pending.request_id, pending.tag);
  }

  void operator()(const Ended& ended) const {
    check_ground();
    ATTESTRD_CHECK(ended.consumed == (member_of(*object_, "consumed").token.text == "true"));
    ATTESTRD_CHECK(ended.consumed || ended.archived);
    ATTESTRD_CHECK(!ended.archived || !is_null(member_of(*object_, "archived")));
    check_strings(ended.request_id, ended.tag);
    const auto result = member_of(*object_, "result");
    ATTESTRD_CHECK(ended.result.empty() == is_null(result));
    if (!ended.result.empty()) ATTESTRD_CHECK(json_events(ended.result) == json_events_of(result));
    ATTESTRD_CHECK(
        json_string_equals(ended.signature, member_of(*object_, "resultSignature").token.text));
  }

  void operator()(const Unknown& unknown) const {
    ATTESTRD_CHECK(response_.status == 404 || response_.status == 400);
    ATTESTRD_CHECK(unknown.code == 4001 || unknown.code == 4002);
  }

  void operator()(const AccountTrouble& trouble) const {
    ATTESTRD_CHECK(response_.status >= 400 && response_.status <= 499);
    ATTESTRD_CHECK(trouble.status == response_.status && !name_of(trouble.kind).empty());
  }

  void operator()(const ServerTrouble& trouble) const {
    ATTESTRD_CHECK(response_.status >= 500 || response_.status == 404);
    ATTESTRD_CHECK(trouble.status == response_.status);
  }

  void operator()(const Invalid& invalid) const {
    using Reason = Invalid::Reason;
    ATTESTRD_CHECK(invalid.status == response_.status && !name_of(invalid.reason).empty());
    const bool says_so =
        invalid.reason == Reason::duplicate_key || invalid.reason == Reason::wrong_id;
    ATTESTRD_CHECK(invalid.looks_forged == says_so);
    ATTESTRD_CHECK(is_good() == (invalid.reason != Reason::unexpected_status));
    if (is_good()) ATTESTRD_CHECK(deserves(invalid.reason));
  }

 private:
  /// Returns whether the status has an answer: a proxy that changes it makes a 203 of the 200.
  bool is_good() const { return response_.status == 200 || response_.status == 203; }

  /// Checks that a valid 200 is a single object, not compressed, has the id that was asked, and no
  /// duplicate key.
  void check_ground() const {
    ATTESTRD_CHECK(is_good() && is_plain(response_.content_encoding));
    ATTESTRD_CHECK(object_ && !repeats_a_key(*object_) && !has_twin(*object_));
    ATTESTRD_CHECK(names(*object_, asked_) && has_good_types(*object_));
  }

  void check_strings(std::string_view request_id, std::string_view tag) const {
    const auto own = member_of(*object_, "requestId").token;
    ATTESTRD_CHECK(request_id.empty() || (own.kind == Kind::string && own.text == request_id));
    ATTESTRD_CHECK(request_id.empty() ||
                   (request_id.size() == 36 && std::ranges::count(request_id, '-') == 4));
    ATTESTRD_CHECK(std::ranges::all_of(request_id, [](char c) {
      return std::isxdigit(static_cast<unsigned char>(c)) || c == '-';
    }));
    const auto own_tag = member_of(*object_, "tag").token;
    if (own_tag.kind == Kind::string) ATTESTRD_CHECK(json_string_equals(tag, own_tag.text));
    if (own_tag.kind == Kind::number) ATTESTRD_CHECK(with_short_exponent(tag) == own_tag.text);
    if (own_tag.kind == Kind::null) ATTESTRD_CHECK(tag.empty());
  }

  /// Returns whether the reason is correct: a valid answer must not be refused.
  bool deserves(Invalid::Reason reason) const {
    switch (reason) {
      case Invalid::Reason::content_encoding: return !is_plain(response_.content_encoding);
      case Invalid::Reason::not_json: return !object_;
      case Invalid::Reason::duplicate_key:
        return object_ && (repeats_a_key(*object_) || has_twin(*object_));
      case Invalid::Reason::wrong_id: return object_ && !names(*object_, asked_);
      case Invalid::Reason::wrong_types: return object_ && !has_good_types(*object_);
      default: return false;
    }
  }

  const HttpResponse& response_;
  const HandshakeId& asked_;
  std::optional<JsonTree> object_;
};

}  // namespace

void check_meaning(const HttpResponse& response) {
  static const auto asked = *HandshakeId::parse("DS02zfeuv6n4gkq51hvw6");
  static const auto other = *HandshakeId::parse("DS02zfeuv6n4gkq51hvw7");
  for (const auto& id : {asked, other})
    std::visit(Checker(response, id), read_answer(response, id));
}

}  // namespace attestrd::fuzz
