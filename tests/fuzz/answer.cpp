// Fuzzes the answers of Attestr, or of an impostor: http/https_response_reader finds the message in
// the bytes, poll/answer interprets it. The input is the bytes that the connection delivers.

#include "fuzz/target.h"

#include <algorithm>
#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include "fuzz/answer_meaning.h"
#include "fuzz/http_message.h"
#include "http/https_response_reader.h"
#include "http/retry_after.h"
#include "poll/answer.h"

namespace attestrd::fuzz {
namespace {

using Progress = HttpsResponseReader::Progress;

constexpr std::size_t kMaxBodyBytes = 6000;

/// The results of the reader for some bytes.
struct Outcome {
  Progress progress = Progress::more;
  std::size_t bytes = 0;  ///< Bytes read.
  unsigned status = 0;
  std::string retry_after, date, content_encoding, body;
  bool keeps_alive = false;

  friend bool operator==(const Outcome&, const Outcome&) = default;
};

/// Feeds at most `next_piece()` bytes at a time, limited by the reader's buffer, until the reader
/// has finished.
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

/// Checks that the sizes of the pieces do not change the outcome. `first` was read byte by byte,
/// and so ends exactly with the message; a piece may contain bytes after it, which end the
/// connection. An invalid message may have another fault in pieces, or be found incomplete, but
/// must never be complete.
void expect_same(const Outcome& first, const Outcome& other) {
  if (first.progress != Progress::complete) {
    ATTESTRD_CHECK(other.progress != Progress::complete);
    return;
  }
  Outcome expected = first;
  if (other.bytes > first.bytes) {
    expected.bytes = other.bytes;
    expected.keeps_alive = false;
  }
  ATTESTRD_CHECK(other == expected);
}

std::string first_of(const std::vector<std::string>& values) {
  for (const auto& value : values)
    if (!value.empty()) return value;
  return "";
}

/// Compares the message with the independent parser.
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
  const auto connection = message->values("connection");
  ATTESTRD_CHECK(!outcome.keeps_alive || std::ranges::count(connection, "close") == 0);
}

void check_wait(const Outcome& outcome) {
  const Wall now{std::chrono::seconds(1'795'484'591)};
  const auto wait = read_retry_after(outcome.retry_after, outcome.date, now);
  ATTESTRD_CHECK(!wait || *wait >= Duration::zero());
}

void check(std::string_view text) {
  static HttpsResponseReader kept;  // Reused, as on a connection that is kept alive.
  const auto first = read_in_pieces(kept, text, [] { return std::size_t{1}; });
  expect_same(first, read_in_pieces(kept, text, [] { return std::size_t{1} << 20; }));
  Prng luck = luck_of(text);
  for (const std::size_t most : {7u, 400u}) {
    HttpsResponseReader fresh;
    expect_same(first, read_in_pieces(fresh, text, [&luck, most] { return drawn(luck, 1, most); }));
  }
  if (first.progress == Progress::complete) {
    check_message(first, text);
    check_meaning(
        {first.status, first.retry_after, first.date, first.content_encoding, first.body});
    check_wait(first);
  }
  // Interprets the input as a body too, so that the fuzzer need not find a valid head first.
  check_meaning({200, "", "", "", text});
  check_meaning({400, "", "", "", text});
}

}  // namespace
}  // namespace attestrd::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  attestrd::fuzz::check(attestrd::fuzz::text_of(data, size));
  return 0;
}
