// Fuzzes the records of the spool: spool/record. The input is a record as `attestrd verify` may
// find it; or, in two parts, a line of a submission and the final answer, from which the daemon
// writes a record.

#include "fuzz/target.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <variant>

#include "base/limits.h"
#include "fuzz/json_events.h"
#include "handshake/handshake_names.h"
#include "inbox/submission.h"
#include "json/json_object.h"
#include "json/json_string.h"
#include "ledger/repeats.h"
#include "spool/record.h"

namespace attestrd::fuzz {
namespace {

const Wall kSubmitted{std::chrono::seconds(1'795'484'591)};

bool is_utf8(const std::string& text) {
  std::string quoted = "\"";
  for (const char c : text)
    if (c != '"' && c != '\\' && (c < 0 || c >= ' ')) quoted += c;
  return json_events(quoted + '"').has_value();
}

/// Checks that a record rewritten from its contents has the same contents.
void check_rewritten(const SpoolRecord& record) {
  const auto reason = reason_named(record.reason);
  Finish finish{record.id,
                record.outcome,
                reason.value_or(Reason::none),
                1,
                {},
                kSubmitted,
                record.form,
                "",
                "",
                std::string(record.response)};
  finish.is_repeat = record.is_repeat;
  const auto text = write_record(finish, record.tag, kSubmitted);
  const auto again = parse_record(text);
  ATTESTRD_CHECK(again && text.ends_with("}\n") &&
                 std::ranges::count(text, '\n') == 1 + std::ranges::count(record.response, '\n'));
  ATTESTRD_CHECK(again->id == record.id && again->outcome == record.outcome);
  ATTESTRD_CHECK(again->response == record.response);
  ATTESTRD_CHECK(record.outcome == Outcome::completed || record.tag.empty() ||
                 again->tag == record.tag);
  ATTESTRD_CHECK(!reason || *reason == Reason::none || again->reason == record.reason);
  ATTESTRD_CHECK(record.outcome != Outcome::completed || again->form == record.form);
  ATTESTRD_CHECK(again->is_repeat == record.is_repeat);
}

void check_record(std::string_view text) {
  const auto record = parse_record(text);
  if (!record) {
    ATTESTRD_CHECK(record.error().code == Errc::invalid_input);
    ATTESTRD_CHECK(record.error().message.starts_with("not a record of attestrd: "));
    return;
  }
  ATTESTRD_CHECK(json_events(text, 513).has_value());
  ATTESTRD_CHECK(HandshakeId::parse(record->id.view()) == record->id);
  if (!record->sealed_response.empty()) {
    ATTESTRD_CHECK(record->response.empty() && record->sealed_response.data() > text.data());
    const auto pem = unescape_json_string(record->sealed_response);
    ATTESTRD_CHECK(pem.starts_with("-----BEGIN CMS-----\n"));
    ATTESTRD_CHECK(pem.ends_with("\n-----END CMS-----\n"));
    return;  // Only a sealer writes such a record.
  }
  if (!record->response.empty()) {
    ATTESTRD_CHECK(record->response.data() > text.data());
    ATTESTRD_CHECK(record->response.starts_with('{') && record->response.ends_with('}'));
    ATTESTRD_CHECK(json_events(record->response).has_value());
    static_cast<void>(has_output(record->response));
    static_cast<void>(signature_in(record->response));
  }
  if (is_utf8(record->tag)) check_rewritten(*record);
}

std::string_view without_space_around(std::string_view object) {
  const auto begin = object.find('{');
  return object.substr(begin, object.rfind('}') + 1 - begin);
}

/// Checks that the record of every accepted answer and submitted tag can be read.
void check_written(const Submission& submission, std::string_view answer) {
  std::array members = {JsonMember{"tag"}};
  if (scan_object(answer, members) != JsonFault::none) return;
  Finish finish{.id = submission.id,
                .outcome = Outcome::completed,
                .reason = Reason::none,
                .polls = 1,
                .last_pending_at = kSubmitted,
                .finished_at = kSubmitted,
                .form = SigningForm::compact,
                .request_id = "c5",
                .tag = {},
                .response = std::string(answer)};
  if (members[0].kind == JsonKind::string || members[0].kind == JsonKind::number)
    finish.tag = members[0].text;
  const auto text = write_record(finish, submission.tag, kSubmitted);
  const auto record = parse_record(text);
  ATTESTRD_CHECK(record && record->id == submission.id);
  ATTESTRD_CHECK(record->response == without_space_around(answer));
  ATTESTRD_CHECK(record->outcome == Outcome::completed && record->form == SigningForm::compact);
  ATTESTRD_CHECK(record->tag == unescape_json_string(finish.tag));
  finish.outcome = Outcome::archived;
  const auto other = write_record(finish, submission.tag, kSubmitted);
  const auto archived = parse_record(other);
  ATTESTRD_CHECK(archived && (submission.tag.empty() || archived->tag == submission.tag));
}

void check(std::string_view text) {
  check_record(text);
  const auto end = std::min(text.find('\n'), text.size());
  const auto said = read_submission_line(text.substr(0, end));
  if (const auto* submission = std::get_if<Submission>(&said))
    check_written(*submission, text.substr(std::min(end + 1, text.size())));
}

}  // namespace
}  // namespace attestrd::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  attestrd::fuzz::check(attestrd::fuzz::text_of(data, size));
  return 0;
}
