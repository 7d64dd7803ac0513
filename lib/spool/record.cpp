#include "spool/record.h"

#include <array>
#include <charconv>
#include <system_error>

#include "base/escape.h"
#include "base/limits.h"
#include "base/rfc3339.h"
#include "base/text.h"
#include "crypto/sealer.h"
#include "handshake/handshake_names.h"
#include "json/json_object.h"
#include "json/json_string.h"
#include "json/json_writer.h"

namespace attestrd {
namespace {

constexpr std::size_t kBytesBesideAnswer = 1024;  // Typical ones of a record.

/// The escapes of PEM, whose line feeds become `\n`.
constexpr EscapePolicy kPemEscapes{kJsonEscapes.plain, EscapeForm::json_short};

// A block of PEM as the text of a JSON string.
constexpr std::string_view kSealBegin = R"(-----BEGIN CMS-----\n)";
constexpr std::string_view kSealEnd = R"(-----END CMS-----\n)";
constexpr std::string_view kSealLineEnd = R"(\n)";
constexpr std::size_t kSealLineBytes = 64;
constexpr CharSet kBase64 = kLettersAndDigits | CharSet("+/=");

/// Writes the tag. A completed handshake gets the tag of its answer, which equals the submitted one
/// if that was given.
void put_tag(JsonWriter& record, std::string_view submitted, const Finish& finish) {
  if (!submitted.empty() && finish.outcome != Outcome::completed) {
    record.text("tag", submitted);
  } else if (!finish.tag.empty()) {
    record.spelled_text("tag", finish.tag);
  }
}

void put_signature(JsonWriter& record, const Finish& finish) {
  record.begin_object("signature");
  const bool holds = finish.outcome == Outcome::completed || finish.reason == Reason::replayed;
  // Never: without a form no signature holds; see engine/verdict.
  if (holds && finish.form) {
    record.text("status", "valid");
    record.text("algorithm", "HMAC-SHA256");
    record.text("form", name_of(*finish.form));
  } else {
    record.text("status", finish.reason == Reason::invalid_signature ? "invalid" : "absent");
  }
  record.end_object();
}

std::optional<SigningForm> form_named(std::string_view name) {
  for (const auto form : {SigningForm::raw, SigningForm::compact, SigningForm::stringify})
    if (name_of(form) == name) return form;
  return std::nullopt;
}

/// Returns the text of a member, or nothing if it is absent or not a string.
std::optional<std::string> text_of(const JsonMember& member) {
  if (member.kind != JsonKind::string) return std::nullopt;
  return unescape_json_string(member.text);
}

/// Returns the time in a member, or nothing if it is absent or not a time.
std::optional<Wall> time_of(const JsonMember& member) {
  return parse_rfc3339_ms(text_of(member).value_or(""));
}

/// Returns the number in a member, or 0 if it is absent or no count.
std::uint32_t number_of(const JsonMember& member) {
  std::uint32_t number = 0;
  const char* const end = member.text.data() + member.text.size();
  const auto [rest, error] = std::from_chars(member.text.data(), end, number);
  return member.kind == JsonKind::number && error == std::errc() && rest == end ? number : 0;
}

Error bad_record(std::string_view what) {
  return fail(Errc::invalid_input, "not a record of attestrd: " + std::string(what));
}

std::string_view say(JsonFault fault) {
  switch (fault) {
    case JsonFault::utf8: return "it is not valid UTF-8";
    case JsonFault::depth: return "it nests too deep";
    case JsonFault::not_object: return "it is not a JSON object";
    case JsonFault::duplicate_key: return "a key stands twice in one object, or has a twin";
    default: return "it is not valid JSON";
  }
}

/// Reads `signature`. Returns the form of a valid signature, or nothing for any other status.
Result<std::optional<SigningForm>> read_form(const JsonMember& signature) {
  std::array members = {JsonMember{"status"}, JsonMember{"form"}};
  // Never: a fault would be one of the text around it too.
  if (signature.kind != JsonKind::object || scan_object(signature.text, members) != JsonFault::none)
    return bad_record("\"signature\" is not an object");
  const auto status = text_of(members[0]);
  if (!status) return bad_record("\"signature\" has no \"status\"");
  if (*status != "valid") return std::optional<SigningForm>();
  const auto form = form_named(text_of(members[1]).value_or(""));
  if (!form) return bad_record("the signature's \"form\" is unknown");
  return form;
}

/// Returns whether the text of a JSON string is one block of PEM, as write_record() spells it.
bool is_sealed_text(std::string_view text) {
  if (!text.starts_with(kSealBegin)) return false;
  text.remove_prefix(kSealBegin.size());
  if (!text.ends_with(kSealEnd)) return false;
  text.remove_suffix(kSealEnd.size());
  while (text.ends_with(kSealLineEnd)) {
    const auto line = text.substr(0, text.find(kSealLineEnd));
    if (line.empty() || line.size() > kSealLineBytes || !kBase64.contains_all(line)) return false;
    text.remove_prefix(line.size() + kSealLineEnd.size());
    if (text.empty()) return true;
  }
  return false;
}

/// Begins a record with all members except the answer.
void begin_record(JsonWriter& record, const Finish& finish, std::string_view tag,
                  Wall submitted_at) {
  constexpr auto kPrecision = TimePrecision::milliseconds;
  record.begin_object();
  record.text("schema", kRecordSchema);
  record.text("id", finish.id.view());
  record.text("outcome", name_of(finish.outcome));
  if (finish.reason != Reason::none) record.text("reason", name_of(finish.reason));
  put_tag(record, tag, finish);
  record.time("submitted_at", submitted_at, kPrecision);
  record.time("finished_at", finish.finished_at, kPrecision);
  if (finish.last_pending_at) record.time("last_pending_at", *finish.last_pending_at, kPrecision);
  record.number("polls", finish.polls);
  put_signature(record, finish);
  if (finish.is_repeat) record.raw("repeats", "true");
  if (!finish.request_id.empty()) record.text("request_id", finish.request_id);
}

/// Returns the typical length of a record with a sealed answer: the text in base64, 64 characters
/// to a line, and 16 KiB for the keys of a dozen recipients.
std::size_t sealed_bytes(std::size_t answer_bytes) {
  return answer_bytes + answer_bytes / 8 * 3 + answer_bytes / 64 + 16 * 1024;
}

}  // namespace

std::string write_record(const Finish& finish, std::string_view tag, Wall submitted_at) {
  std::string out;
  out.reserve(finish.response.size() + kBytesBesideAnswer);
  JsonWriter record(out);
  begin_record(record, finish, tag, submitted_at);
  if (!finish.response.empty()) record.raw("response", finish.response);
  record.end_object();
  out += '\n';
  return out;
}

Result<std::string> write_record(const Finish& finish, std::string_view tag, Wall submitted_at,
                                 const Sealer* sealer) {
  const bool is_sealed =
      sealer != nullptr && !finish.response.empty() && finish.outcome != Outcome::rejected;
  if (!is_sealed) return write_record(finish, tag, submitted_at);
  std::string out;
  out.reserve(sealed_bytes(finish.response.size()));
  JsonWriter record(out);
  begin_record(record, finish, tag, submitted_at);
  record.begin_text("response");
  const auto sealed = sealer->seal(
      finish.response, [&out](std::string_view piece) { append_escaped(out, piece, kPemEscapes); });
  if (!sealed) return sealed.error();
  record.end_text();
  record.end_object();
  out += '\n';
  return out;
}

std::string record_head(const HandshakeId& id, Outcome outcome) {
  std::string head;
  JsonWriter record(head);
  record.begin_object();
  record.text("schema", kRecordSchema);
  record.text("id", id.view());
  record.text("outcome", name_of(outcome));
  return head;
}

Result<SpoolRecord> parse_record(std::string_view text) {
  std::array members = {
      JsonMember{"schema"},      JsonMember{"id"},       JsonMember{"outcome"},
      JsonMember{"tag"},         JsonMember{"reason"},   JsonMember{"signature"},
      JsonMember{"request_id"},  JsonMember{"response"}, JsonMember{"submitted_at"},
      JsonMember{"finished_at"}, JsonMember{"repeats"},  JsonMember{"last_pending_at"},
      JsonMember{"polls"}};
  const auto& [schema, id_text, outcome_text, tag, reason, signature, request_id, response,
               submitted_at, finished_at, repeats, last_pending_at, polls] = members;
  const auto fault = scan_object(text, members, limits::kRecordDepth);
  if (fault != JsonFault::none) return bad_record(say(fault));
  if (text_of(schema) != kRecordSchema)
    return bad_record("its \"schema\" is not \"" + std::string(kRecordSchema) + "\"");
  const auto id = HandshakeId::parse(text_of(id_text).value_or(""));
  if (!id) return bad_record("its \"id\" is missing or is no id");
  const auto outcome = outcome_named(text_of(outcome_text).value_or(""));
  if (!outcome) return bad_record("its \"outcome\" is missing or unknown");
  const auto form = read_form(signature);
  if (!form) return form.error();
  const bool is_sealed = response.kind == JsonKind::string && is_sealed_text(response.text);
  if (response.kind != JsonKind::absent && response.kind != JsonKind::object && !is_sealed)
    return bad_record("its \"response\" is not an object, and no sealed answer");
  return SpoolRecord{*id,
                     *outcome,
                     text_of(tag).value_or(""),
                     text_of(reason).value_or(""),
                     text_of(request_id).value_or(""),
                     *form,
                     is_sealed ? std::string_view() : response.text,
                     repeats.text == "true" && repeats.kind == JsonKind::boolean,
                     time_of(submitted_at),
                     time_of(finished_at),
                     time_of(last_pending_at),
                     number_of(polls),
                     is_sealed ? response.text : std::string_view()};
}

}  // namespace attestrd
