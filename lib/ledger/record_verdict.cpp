#include "ledger/record_verdict.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>
#include <variant>

#include "base/limits.h"
#include "crypto/sealer.h"
#include "handshake/handshake_names.h"
#include "json/json_object.h"
#include "json/json_string.h"
#include "poll/answer.h"
#include "spool/spool.h"

namespace attestrd {
namespace {

RecordVerdict invalid(std::string_view why) { return {false, fmt::format("INVALID: {}", why)}; }

bool is_spool_folder(std::string_view name) {
  constexpr std::array<std::string_view, 6> kFolders = {"results",  "archived", "failed",
                                                        "rejected", "refused",  "staging"};
  return std::ranges::find(kFolders, name) != kFolders.end();
}

/// Returns whether the record can have its name there: a numbered one exists in the folders of
/// outcomes alone.
bool is_named_after(const HandshakeId& id, const RecordPlace& place) {
  const bool is_in_spool = is_spool_folder(place.folder) && place.folder != "staging";
  return place.name == record_name(id) || (is_in_spool && is_record_name(id, place.name));
}

/// Returns whether the reason can't stand beside the outcome.
bool contradicts(Outcome outcome, std::string_view text) {
  if (outcome == Outcome::completed || outcome == Outcome::archived) return !text.empty();
  if (text.empty()) return false;
  const auto reason = reason_named(text);
  if (!reason) return true;
  switch (*reason) {
    case Reason::none: return true;
    case Reason::not_found:
    case Reason::expired:
    case Reason::cancelled:
    case Reason::unreachable: return outcome != Outcome::failed;
    case Reason::invalid_signature:
    case Reason::wrong_id:
    case Reason::duplicate_key:
    case Reason::tag_mismatch:
    case Reason::replayed: return outcome != Outcome::rejected;
  }
  return false;  // Never: each reason has a case.
}

/// Judges a record whose name, folder and reason are consistent.
class Judge {
 public:
  Judge(const SpoolRecord& record, const RecordPlace& place, Verifier& verifier)
      : record_(record), place_(place), verifier_(verifier) {}

  RecordVerdict judge() {
    if (record_.response.empty()) return without_response();
    HttpResponse response;
    response.status = 200;
    response.body = record_.response;
    const Answer answer = read_answer(response, record_.id);  // As when it arrived.
    const auto* const ended = std::get_if<Ended>(&answer);
    const bool has_result = ended != nullptr && !ended->result.empty();
    if (record_.outcome == Outcome::archived || record_.outcome == Outcome::failed) {
      // Such a record may hold a body of an error, but no answer that is another one's or edited.
      const auto* const forged = std::get_if<Invalid>(&answer);
      if (forged != nullptr && forged->looks_forged)
        return invalid(
            fmt::format("the response is no answer for this id ({})", name_of(forged->reason)));
      return has_result ? invalid(fmt::format("the outcome is {}, but the response holds a result",
                                              name_of(record_.outcome)))
                        : nothing_to_verify();
    }
    if (const auto* const bad = std::get_if<Invalid>(&answer))
      return invalid(
          fmt::format("the response is no answer for this id ({})", name_of(bad->reason)));
    return has_result ? with_result(*ended) : invalid("the response holds no result");
  }

 private:
  RecordVerdict nothing_to_verify() const {
    return {true, fmt::format("nothing to verify ({})", name_of(record_.outcome))};
  }

  RecordVerdict without_response() const {
    const bool has_result =
        record_.outcome == Outcome::completed || record_.outcome == Outcome::rejected;
    return has_result ? invalid("the response holds no result") : nothing_to_verify();
  }

  /// A record stays valid in the form that it was verified in, whatever the setting is now.
  std::optional<SigningForm> form_of(const Ended& ended) {
    if (record_.form && verifier_.verify_in(*record_.form, ended.result, ended.signature))
      return record_.form;
    return verifier_.verify(ended.result, ended.signature);
  }

  RecordVerdict with_result(const Ended& ended) {
    const auto form = form_of(ended);
    if (!form) return invalid("no client secret gives the signature");
    if (record_.outcome == Outcome::rejected)
      return invalid(fmt::format("rejected ({}), though the signature holds ({})",
                                 record_.reason.empty() ? "no reason" : record_.reason,
                                 name_of(*form)));
    if (place_.folder == "rejected")
      return invalid(fmt::format("in rejected/, though the signature holds ({})", name_of(*form)));
    if (!record_.form) return invalid("the outcome is completed, but the signature is not valid");
    if (form != record_.form)
      return invalid(fmt::format("the record says form {}, but the signature holds in form {}",
                                 name_of(*record_.form), name_of(*form)));
    if (record_.tag != unescape_json_string(ended.tag))
      return invalid("the tag is not that of the response");
    if (record_.request_id != ended.request_id)
      return invalid("the request_id is not that of the response");
    return {true, fmt::format("valid ({})", name_of(*form))};
  }

  const SpoolRecord& record_;
  const RecordPlace& place_;
  Verifier& verifier_;
};

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
    case Reason::cancelled:
    case Reason::unreachable: break;
  }
  return Readmitted::no_record;
}

/// Returns the answer of a record that is sealed.
Result<std::string> unseal(const SpoolRecord& record, const Unsealer* unsealer) {
  if (unsealer != nullptr) return unsealer->unseal(unescape_json_string(record.sealed_response));
  return fail(Errc::invalid_input,
              "its answer is encrypted, so its signature can't be checked without a private key of "
              "a recipient: give one with --unseal");
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
          // A pattern of the shell names files that nobody has looked at.
          .takes_replayed = rules.takes_replayed && record.reason == name_of(Reason::replayed)};
}

}  // namespace

RecordVerdict judge_record(std::string_view text, const RecordPlace& place, Verifier& verifier,
                           const Unsealer* unsealer) {
  auto record = parse_record(text);
  if (!record) return invalid(record.error().message);
  if (!is_named_after(record->id, place))
    return invalid(
        fmt::format("the record is of {}, which the file is not named after", record->id.view()));
  if (contradicts(record->outcome, record->reason))
    return invalid(
        fmt::format("its reason does not belong to the outcome {}", name_of(record->outcome)));
  const bool is_misplaced = is_spool_folder(place.folder) && place.folder != "rejected" &&
                            place.folder != "staging" && place.folder != folder_of(record->outcome);
  if (is_misplaced)
    return invalid(fmt::format("the outcome is {}, but the folder is {}/", name_of(record->outcome),
                               place.folder));
  if (record->sealed_response.empty()) return Judge(*record, place, verifier).judge();
  const auto answer = unseal(*record, unsealer);
  if (!answer)
    return {false, fmt::format("SEALED: {}", answer.error().message),
            answer.error().code == Errc::shortage};
  record->response = *answer;
  return Judge(*record, place, verifier).judge();
}

std::variant<Readmission, Readmitted> judge_rejected(std::string_view text, std::string_view file,
                                                     Verifier& verifier,
                                                     const ReadmissionRules& rules) {
  const auto record = parse_record(text);
  if (!record) return has_duplicate_key(text) ? Readmitted::duplicate_key : Readmitted::no_record;
  if (!is_record_name(record->id, file) || !record->submitted_at) return Readmitted::no_record;
  if (!record->sealed_response.empty()) return Readmitted::sealed;
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
