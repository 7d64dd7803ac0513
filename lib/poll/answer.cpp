#include "poll/answer.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <string>
#include <system_error>

#include "base/check.h"
#include "base/text.h"
#include "json/json_object.h"
#include "json/json_string.h"

namespace attestrd {
namespace {

using Trouble = AccountTrouble::Kind;

/// Returns whether a field is absent, null or of the type that the API documents.
bool is_optional(const JsonMember& member, JsonKind kind) {
  return member.kind == JsonKind::absent || member.kind == JsonKind::null || member.kind == kind;
}

/// Returns the value, or an empty text if it is null or absent.
std::string_view text_of(const JsonMember& member) {
  return member.kind == JsonKind::null ? std::string_view() : member.text;
}

/// Returns the request id if it is a UUID, as Attestr's are, else an empty text: a server or proxy
/// that echoes the auth token there must not get it into the log. Nothing else depends on it, so
/// another form does not make the answer invalid.
std::string_view loggable(const JsonMember& request_id) {
  constexpr std::string_view kShape = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
  const bool is_uuid = std::ranges::equal(request_id.text, kShape, [](char c, char shape) {
    return shape == '-' ? c == '-' : hex_value(c) >= 0;
  });
  return is_uuid && request_id.kind == JsonKind::string ? request_id.text : std::string_view();
}

/// Returns whether a JSON number is greater than zero. Only its digits are checked, so that no
/// number is too large or too small to be read.
bool is_positive(std::string_view number) {
  const auto mantissa = number.substr(0, number.find_first_of("eE"));
  return !mantissa.starts_with('-') &&
         mantissa.find_first_of("123456789") != std::string_view::npos;
}

Answer read_ok(const HttpResponse& response, const HandshakeId& asked) {
  using Reason = Invalid::Reason;
  const auto invalid = [&response](Reason reason, bool looks_forged) {
    return Invalid{reason, response.status, 0, looks_forged};
  };
  if (!response.content_encoding.empty() &&
      !equal_ignoring_case(response.content_encoding, "identity"))
    return invalid(Reason::content_encoding, false);

  // All documented members are wanted, so that a twin of any of them is found.
  std::array<JsonMember, 8> members = {{{"_id"},
                                        {"number"},
                                        {"tag"},
                                        {"requestId"},
                                        {"consumed"},
                                        {"archived"},
                                        {"result"},
                                        {"resultSignature"}}};
  const JsonFault fault = scan_object(response.body, members);
  if (fault == JsonFault::duplicate_key) return invalid(Reason::duplicate_key, true);
  if (fault != JsonFault::none) return invalid(Reason::not_json, false);

  const auto& [id, number, tag, request_id, consumed, archived, result, signature] = members;
  if (id.kind != JsonKind::string) return invalid(Reason::wrong_types, false);
  if (!json_string_equals(id.text, asked.view())) return invalid(Reason::wrong_id, true);
  const bool types_are_good =
      consumed.kind == JsonKind::boolean && is_optional(archived, JsonKind::number) &&
      is_optional(result, JsonKind::object) && is_optional(signature, JsonKind::string) &&
      (is_optional(tag, JsonKind::string) || tag.kind == JsonKind::number);
  if (!types_are_good) return invalid(Reason::wrong_types, false);

  const bool is_consumed = consumed.text == "true";
  // Servers write zero for "no time". Treating zero as an archival would lose a result that is
  // still to come; ignoring it costs only a few polls.
  const bool is_archived = archived.kind == JsonKind::number && is_positive(archived.text);
  if (!is_consumed && !is_archived) return Pending{loggable(request_id), text_of(tag)};
  return Ended{is_consumed,        is_archived,          text_of(result),
               text_of(signature), loggable(request_id), text_of(tag)};
}

/// Returns the `code` in the body of an error, or 0 if there is none of at most five digits. Not
/// every error comes from the API itself, so no body is refused here.
int read_code(std::string_view body) {
  constexpr int kMostCode = 99'999;
  std::array<JsonMember, 1> members = {{{"code"}}};
  if (scan_object(body, members) != JsonFault::none) return 0;
  const JsonMember& code = members.front();
  if (code.kind != JsonKind::number && code.kind != JsonKind::string) return 0;
  int value = 0;
  const char* const end = code.text.data() + code.text.size();
  const auto read = std::from_chars(code.text.data(), end, value);
  const bool is_code = value > 0 && value <= kMostCode;
  return read.ec == std::errc{} && read.ptr == end && is_code ? value : 0;
}

/// Returns the account failure that a code means, if any.
std::optional<Trouble> account_trouble_of_code(int code) {
  switch (code) {
    case 4005: return Trouble::low_credits;
    case 4016: return Trouble::unauthorized;
    case 4031:
    case 4035:
    case 4039: return Trouble::forbidden;
    case 4291:
    case 4292: return Trouble::rate_limited;
    case 4293: return Trouble::daily_limit;
    case 40051: return Trouble::wrong_version;
    default: return std::nullopt;
  }
}

/// Returns the account failure that a status other than 429 means, if any, whatever the code.
std::optional<Trouble> account_trouble_of_status(unsigned status) {
  switch (status) {
    case 401: return Trouble::unauthorized;
    case 402: return Trouble::low_credits;
    case 403: return Trouble::forbidden;
    default: return std::nullopt;
  }
}

/// Classifies a 4xx. The first row that matches applies:
///
///     status  code                           meaning
///     429     4293                           daily_limit
///     429     any or none                    rate_limited
///     4xx     4005, 4016, 403x, 429x, 40051  that failure of the account
///     401     any or none                    unauthorized
///     402     any or none                    low_credits
///     403     any or none                    forbidden
///     400     4001, 4002                     Unknown
///     404     4001, 4002                     Unknown
///     404     any or none                    ServerTrouble
///     4xx     any or none                    Invalid
///
/// Therefore 4001 and 4002, which can end a handshake for good, never do so if the status blames
/// the account: a pause loses nothing.
Answer read_client_error(unsigned status, int code) {
  if (status == 429)
    return AccountTrouble{code == 4293 ? Trouble::daily_limit : Trouble::rate_limited, status,
                          code};
  if (const auto trouble = account_trouble_of_code(code))
    return AccountTrouble{*trouble, status, code};
  if (const auto trouble = account_trouble_of_status(status))
    return AccountTrouble{*trouble, status, code};
  if ((status == 400 || status == 404) && (code == 4001 || code == 4002))
    return Unknown{status, code};
  if (status == 404) return ServerTrouble{status, code};
  return Invalid{Invalid::Reason::unexpected_status, status, code, false};
}

}  // namespace

std::string_view name_of(AccountTrouble::Kind kind) {
  switch (kind) {
    case Trouble::unauthorized: return "unauthorized";
    case Trouble::forbidden: return "forbidden";
    case Trouble::low_credits: return "low_credits";
    case Trouble::wrong_version: return "wrong_version";
    case Trouble::rate_limited: return "rate_limited";
    case Trouble::daily_limit: return "daily_limit";
  }
  check_failed("a trouble of the account has a name", __FILE__, __LINE__);
}

std::string_view name_of(Invalid::Reason reason) {
  switch (reason) {
    case Invalid::Reason::not_json: return "not_json";
    case Invalid::Reason::wrong_types: return "wrong_types";
    case Invalid::Reason::duplicate_key: return "duplicate_key";
    case Invalid::Reason::wrong_id: return "wrong_id";
    case Invalid::Reason::unexpected_status: return "unexpected_status";
    case Invalid::Reason::content_encoding: return "content_encoding";
  }
  check_failed("a reason has a name", __FILE__, __LINE__);
}

Answer read_answer(const HttpResponse& response, const HandshakeId& asked) {
  const unsigned status = response.status;
  // A 203 is a 200 that a proxy has changed. A result is signed, so it can't be a changed one.
  if (status == 200 || status == 203) return read_ok(response, asked);
  if (status >= 400 && status <= 499) return read_client_error(status, read_code(response.body));
  if (status >= 500 && status <= 599) return ServerTrouble{status, read_code(response.body)};
  return Invalid{Invalid::Reason::unexpected_status, status, 0, false};
}

}  // namespace attestrd
