// An answer of Attestr, or of whoever stands in its place: poll/https_response_reader finds the
// message in the bytes, poll/response says what it means. The input is what the connection brings.

#include "fuzz/target.h"

#include <algorithm>
#include <cstring>
#include <functional>
#include <string>
#include <variant>

#include "fuzz/http_message.h"
#include "fuzz/json_events.h"
#include "poll/https_response_reader.h"
#include "poll/response.h"
#include "poll/retry_after.h"
#include "verify/json_slice.h"
#include "verify/json_string.h"

namespace attestrd::fuzz {
namespace {

using Progress = HttpsResponseReader::Progress;

constexpr std::size_t kMaxBodyBytes = 6000;

/// All that the reader says of some bytes.
struct Outcome {
  Progress progress = Progress::more;
  std::size_t bytes = 0;  ///< That were read.
  unsigned status = 0;
  std::string retry_after, date, content_encoding, body;
  bool keeps_alive = false;

  friend bool operator==(const Outcome&, const Outcome&) = default;
};

/// Gives `next_piece()` bytes at a time, as many as there is room for, until the reader has its
/// end.
Outcome read_in_pieces(HttpsResponseReader& reader, std::string_view text,
                       const std::function<std::size_t()>& next_piece) {
  Outcome outcome;
  reader.begin(kMaxBodyBytes);
  ATTESTRD_CHECK(!reader.has_begun());
  while (outcome.progress == Progress::more && outcome.bytes < text.size()) {
    const auto room = reader.room();
    ATTESTRD_CHECK(!room.empty());
    const auto count = std::min({next_piece(), room.size(), text.size() - outcome.bytes});
    std::memcpy(room.data(), text.data() + outcome.bytes, count);
    outcome.bytes += count;
    outcome.progress = reader.commit(count);
    ATTESTRD_CHECK(reader.has_begun());
  }
  if (outcome.progress == Progress::more) return outcome;
  if (outcome.progress != Progress::complete) {
    ATTESTRD_CHECK(!reader.fault().empty());
    return outcome;
  }
  const auto response = reader.response();
  ATTESTRD_CHECK(response.body.size() <= kMaxBodyBytes && response.body == reader.body());
  outcome.status = response.status;
  outcome.retry_after = response.retry_after;
  outcome.date = response.date;
  outcome.content_encoding = response.content_encoding;
  outcome.body = response.body;
  outcome.keeps_alive = reader.keeps_alive();
  return outcome;
}

/// Whether the pieces in which the bytes came changed anything. `first` was read byte by byte, and
/// so knows the very end of the message; a piece may hold more than that, which must be refused.
/// Of a text that breaks off, a fault in the last few bytes may show in one way and not in another:
/// neither is an answer.
void expect_same(const Outcome& first, const Outcome& other) {
  if (first.progress == Progress::complete) {
    const bool has_more = other.bytes > first.bytes;
    ATTESTRD_CHECK(has_more ? other.progress == Progress::refused : other == first);
    return;
  }
  const bool breaks_off = first.progress == Progress::more || other.progress == Progress::more;
  ATTESTRD_CHECK(other.progress != Progress::complete);
  ATTESTRD_CHECK(breaks_off || other.progress == first.progress);
}

std::string first_of(const std::vector<std::string>& values) {
  for (const auto& value : values)
    if (!value.empty()) return value;
  return "";
}

/// Holds the message against the second opinion.
void check_message(const Outcome& outcome, std::string_view text) {
  const auto message = read_http_message(text.substr(0, outcome.bytes));
  ATTESTRD_CHECK(message);
  ATTESTRD_CHECK(message->status == outcome.status && message->body == outcome.body);
  ATTESTRD_CHECK(outcome.status >= 200 && outcome.status <= 599);
  ATTESTRD_CHECK(outcome.retry_after == first_of(message->values("retry-after")));
  ATTESTRD_CHECK(outcome.date == first_of(message->values("date")));
  const auto encodings = message->values("content-encoding");
  ATTESTRD_CHECK(outcome.content_encoding.empty() == first_of(encodings).empty());
  ATTESTRD_CHECK(encodings.size() != 1 || outcome.content_encoding == encodings[0]);
}

/// The value of a member at the top of an object: its first word, or nothing.
const JsonEvent* member_of(const JsonEvents& events, std::string_view key) {
  std::size_t depth = 0;
  for (std::size_t i = 0; i + 1 < events.size(); ++i) {
    using Kind = JsonEvent::Kind;
    const auto kind = events[i].kind;
    if (kind == Kind::begin_object || kind == Kind::begin_array) ++depth;
    if (kind == Kind::end_object || kind == Kind::end_array) --depth;
    if (kind == Kind::key && depth == 1 && events[i].text == key) return &events[i + 1];
  }
  return nullptr;
}

/// A 200 that means something is JSON, uncompressed, and names the id that was asked.
JsonEvents check_ground(const HttpResponse& response, const HandshakeId& asked) {
  ATTESTRD_CHECK(response.status == 200);
  const auto& encoding = response.content_encoding;
  ATTESTRD_CHECK(encoding.empty() || encoding.size() == std::strlen("identity"));
  auto events = json_events(response.body);
  ATTESTRD_CHECK(events && events->front().kind == JsonEvent::Kind::begin_object);
  const auto* id = member_of(*events, "_id");
  ATTESTRD_CHECK(id && *id == (JsonEvent{JsonEvent::Kind::string, std::string(asked.view())}));
  ATTESTRD_CHECK(scan_object(response.body, {}) == JsonFault::none);
  return std::move(*events);
}

bool is_true(const JsonEvent* value) { return value != nullptr && value->text == "true"; }

bool is_null(const JsonEvent* value) {
  return value == nullptr || value->kind == JsonEvent::Kind::null;
}

void check_request_id(std::string_view id) {
  ATTESTRD_CHECK(id.size() <= 64);
  ATTESTRD_CHECK(std::ranges::all_of(id, [](char c) { return c > ' ' && c < 0x7f && c != '"'; }));
}

/// What each kind of answer promises.
struct Checker {
  const HttpResponse& response;
  const HandshakeId& asked;

  void operator()(const Pending& pending) const {
    const auto events = check_ground(response, asked);
    ATTESTRD_CHECK(!is_true(member_of(events, "consumed")));
    check_request_id(pending.request_id);
  }

  void operator()(const Ended& ended) const {
    const auto events = check_ground(response, asked);
    ATTESTRD_CHECK(ended.consumed == is_true(member_of(events, "consumed")));
    ATTESTRD_CHECK(ended.consumed || ended.archived);
    ATTESTRD_CHECK(!ended.archived || !is_null(member_of(events, "archived")));
    ATTESTRD_CHECK(ended.result.empty() == is_null(member_of(events, "result")));
    check_request_id(ended.request_id);
    if (!ended.result.empty()) {
      const auto result = json_events(ended.result);
      ATTESTRD_CHECK(result && result->front().kind == JsonEvent::Kind::begin_object);
      ATTESTRD_CHECK(std::ranges::search(events, *result).begin() != events.end());
    }
    const auto* signature = member_of(events, "resultSignature");
    const auto said = is_null(signature) ? std::string() : signature->text;
    ATTESTRD_CHECK(json_string_equals(ended.signature, said));
  }

  void operator()(const Unknown& unknown) const {
    const bool is_bad_request =
        response.status == 400 && (unknown.code == 4001 || unknown.code == 4002);
    ATTESTRD_CHECK(response.status == 404 || is_bad_request);
  }

  void operator()(const AccountTrouble& trouble) const {
    ATTESTRD_CHECK(response.status >= 400 && response.status <= 499);
    ATTESTRD_CHECK(trouble.status == response.status && !name_of(trouble.kind).empty());
  }

  void operator()(const ServerTrouble& trouble) const {
    ATTESTRD_CHECK(response.status >= 500 && trouble.status == response.status);
  }

  void operator()(const Invalid& invalid) const {
    ATTESTRD_CHECK(invalid.status == response.status && !name_of(invalid.reason).empty());
    ATTESTRD_CHECK(!invalid.looks_forged || response.status == 200);
  }
};

void check_answer(const HttpResponse& response) {
  static const auto asked = *HandshakeId::parse("DS02zfeuv6n4gkq51hvw6");
  static const auto other = *HandshakeId::parse("DS02zfeuv6n4gkq51hvw7");
  const auto answer = read_answer(response, asked);
  std::visit(Checker{response, asked}, answer);
  const bool means_something =
      std::holds_alternative<Pending>(answer) || std::holds_alternative<Ended>(answer);
  const auto of_other = read_answer(response, other);
  std::visit(Checker{response, other}, of_other);
  if (means_something) {
    const auto* invalid = std::get_if<Invalid>(&of_other);
    ATTESTRD_CHECK(invalid && invalid->reason == Invalid::Reason::wrong_id);
    ATTESTRD_CHECK(invalid->looks_forged);
  }
  const Wall now{std::chrono::seconds(1'795'484'591)};
  const auto wait = read_retry_after(response.retry_after, response.date, now);
  ATTESTRD_CHECK(!wait || *wait >= Duration::zero());
}

void check(std::string_view text) {
  static HttpsResponseReader kept;  // As on a connection that is kept alive.
  const auto first = read_in_pieces(kept, text, [] { return std::size_t{1}; });
  expect_same(first, read_in_pieces(kept, text, [] { return std::size_t{1} << 20; }));
  Prng luck = luck_of(text);
  for (const std::size_t most : {7u, 400u}) {
    HttpsResponseReader fresh;
    expect_same(first, read_in_pieces(fresh, text, [&luck, most] { return drawn(luck, 1, most); }));
  }
  if (first.progress == Progress::complete) {
    check_message(first, text);
    check_answer({first.status, first.retry_after, first.date, first.content_encoding, first.body});
  }
  // The meaning of a text, were it the body of an answer: no head to be found first.
  check_answer({200, "", "", "", text});
  check_answer({400, "", "", "", text});
}

}  // namespace
}  // namespace attestrd::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  attestrd::fuzz::check(attestrd::fuzz::text_of(data, size));
  return 0;
}
