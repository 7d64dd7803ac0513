#include "ledger/readmission.h"

#include "base/limits.h"
#include "handshake/handshake_names.h"
#include "json/json_object.h"
#include "json/json_string.h"
#include "poll/answer.h"
#include "spool/record.h"
#include "spool/spool.h"

namespace attestrd {
namespace {

/// Returns why a record with this reason is never readmitted, or nothing.
std::optional<Readmitted> forbidden(std::string_view text, const ReadmissionRules& rules) {
  if (text.empty()) return std::nullopt;
  const auto reason = reason_named(text);
  if (!reason) return Readmitted::no_record;
  switch (*reason) {
    case Reason::invalid_signature: return std::nullopt;
    case Reason::tag_mismatch: return Readmitted::tag_mismatch;
    case Reason::wrong_id: return Readmitted::wrong_id;
    case Reason::duplicate_key: return Readmitted::duplicate_key;
    case Reason::replayed:
      return rules.takes_replayed ? std::nullopt : std::optional(Readmitted::replayed);
    case Reason::none:
    case Reason::not_found:
    case Reason::expired:
    case Reason::unreachable: break;
  }
  return Readmitted::no_record;
}

bool has_duplicate_key(std::string_view text) {
  return scan_object(text, {}, limits::kRecordDepth) == JsonFault::duplicate_key;
}

/// Returns why the response of a record is no answer with a result.
Readmitted fault_of(const Answer& answer) {
  const auto* const invalid = std::get_if<Invalid>(&answer);
  if (invalid == nullptr) return Readmitted::no_result;
  if (invalid->reason == Invalid::Reason::wrong_id) return Readmitted::wrong_id;
  if (invalid->reason == Invalid::Reason::duplicate_key) return Readmitted::duplicate_key;
  return Readmitted::no_result;
}

/// Returns the record as it is published, once it is known to hold.
Readmission readmission(const SpoolRecord& record, std::string_view file, const Ended& ended,
                        SigningForm form, const ReadmissionRules& rules) {
  Finish finish{.id = record.id,
                .outcome = Outcome::completed,
                .reason = Reason::none,
                .polls = record.polls,
                .last_pending_at = record.last_pending_at,
                .finished_at = rules.now,
                .form = form,
                .request_id = std::string(ended.request_id),
                .tag = std::string(ended.tag),
                .response = std::string(record.response),
                .signature = signature_prefix(ended.signature)};
  return {.ticket = 0,
          .file = std::string(file),
          .finish = std::move(finish),
          .tag = unescape_json_string(ended.tag),
          .submitted_at = *record.submitted_at,
          .takes_replayed = rules.takes_replayed};
}

}  // namespace

std::variant<Readmission, Readmitted> judge_rejected(std::string_view text, std::string_view file,
                                                     Verifier& verifier,
                                                     const ReadmissionRules& rules) {
  const auto record = parse_record(text);
  if (!record) return has_duplicate_key(text) ? Readmitted::duplicate_key : Readmitted::no_record;
  if (!is_record_name(record->id, file) || !record->submitted_at) return Readmitted::no_record;
  if (record->outcome != Outcome::rejected) return Readmitted::not_rejected;
  if (const auto reason = forbidden(record->reason, rules)) return *reason;
  HttpResponse response;
  response.status = 200;
  response.body = record->response;
  const Answer answer = read_answer(response, record->id);  // As when it arrived.
  const auto* const ended = std::get_if<Ended>(&answer);
  if (ended == nullptr || ended->result.empty()) return fault_of(answer);
  if (!record->tag.empty() && record->tag != unescape_json_string(ended->tag))
    return Readmitted::tag_mismatch;
  const auto form = verifier.verify(ended->result, ended->signature);
  if (!form) return Readmitted::invalid_signature;
  const bool is_usual = *form == rules.usual_form.value_or(*form);
  if (*form == SigningForm::stringify && !is_usual) return Readmitted::unusual_form;
  return readmission(*record, file, *ended, *form, rules);
}

}  // namespace attestrd
