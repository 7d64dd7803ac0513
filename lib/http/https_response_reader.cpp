#include "http/https_response_reader.h"

#include <boost/beast/core/string.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>

#include <algorithm>
#include <cstring>
#include <optional>
#include <string>

#include "base/check.h"
#include "base/limits.h"
#include "base/text.h"

namespace attestrd {
namespace {

namespace beast = boost::beast;
namespace http = beast::http;
using boost::system::error_code;

constexpr std::string_view kLastChunk = "0\r\n\r\n";  ///< The shortest end of a chunked body.

constexpr std::string_view kHeaderTooLarge = "its header section is too large";
constexpr std::string_view kLineTooLarge = "the line of a chunk or its trailer is too large";

constexpr std::string_view kLineEnd = "\r\n";
constexpr std::size_t kReasonAt = std::string_view("HTTP/1.1 200").size();

/// Returns whether a message begins like a response whose status has the first digit 1. A 101 is
/// left to the parser, which refuses it.
bool is_interim(std::string_view head) {
  constexpr std::string_view kVersion = "HTTP/1.";
  return head.size() > kReasonAt && head.starts_with(kVersion) && is_digit(head[7]) &&
         head[8] == ' ' && head[9] == '1' && is_digit(head[10]) && is_digit(head[11]) &&
         (head[12] == ' ' || head[12] == '\r') && head.substr(9, 3) != "101";
}

/// Returns whether the header section of an interim response follows the same grammar as that of
/// any other: two parsers that differ in where it ends would see two different answers.
bool is_well_formed(std::string head) {
  if (head[kReasonAt] == '\r') head.insert(kReasonAt, 1, ' ');  // See complete_status_line().
  http::response_parser<http::empty_body> parser;
  parser.header_limit(limits::kHeaderBytes + 1);
  error_code error;
  parser.put({head.data(), head.size()}, error);
  return !error && parser.is_header_done();
}

/// Returns whether a Transfer-Encoding names the coding `chunked` and no other. Elements of the
/// list may be empty (RFC 9110, 5.6.1).
bool is_just_chunked(std::string_view list) {
  constexpr std::string_view kBetween = ", \t";
  const auto begin = list.find_first_not_of(kBetween);
  if (begin == list.npos) return false;
  const auto end = list.find_last_not_of(kBetween) + 1;
  return beast::iequals(list.substr(begin, end - begin), "chunked");
}

/// The parts of a response that are kept. The strings are reused from one response to the next.
struct Parts {
  unsigned status = 0;
  bool is_http_1_1 = false;
  bool is_chunked = false;
  bool is_last = false;  ///< Bytes that belong to no message may follow this one.
  std::string retry_after;
  std::string date;
  std::string content_encoding;
  std::string body;
  std::string_view fault;  ///< The reason why the response was refused.

  void clear() {
    status = 0;
    is_http_1_1 = is_chunked = is_last = false;
    retry_after.clear();
    date.clear();
    content_encoding.clear();
    body.clear();
    if (body.capacity() > limits::kSmallAnswerBytes) body.shrink_to_fit();
    fault = {};
  }
};

/// A parser that splits the message into its parts. It refuses what Beast alone would accept but
/// attestrd does not.
class Message final : public http::basic_parser<false> {
 public:
  Message(Parts& parts, std::size_t max_body_bytes) : parts_(parts) {
    eager(true);
    header_limit(limits::kHeaderBytes);
    body_limit(max_body_bytes);
  }

  /// Returns the beginning of the trailer in the bytes of the last put(), or null if it has not
  /// come completely.
  const char* trailer() const { return trailer_; }

 private:
  void refuse(std::string_view fault, error_code& error) {
    parts_.fault = fault;
    error = http::error::bad_value;
  }

  void on_request_impl(http::verb, beast::string_view, beast::string_view, int,
                       error_code&) override {}

  void on_response_impl(int status, beast::string_view, int version, error_code& error) override {
    if (status == 101) return refuse("it switches to another protocol", error);
    if (status < 200 || status > 599) return refuse("its status is not from 100 to 599", error);
    parts_.status = static_cast<unsigned>(status);
    parts_.is_http_1_1 = version == 11;
  }

  void on_field_impl(http::field name, beast::string_view, beast::string_view value,
                     error_code& error) override {
    // A trailer is ignored, but Beast refuses one that contradicts the framing.
    const bool is_trailer = is_header_done();
    if (!is_trailer) take_field(name, {value.data(), value.size()}, error);
  }

  void take_field(http::field name, std::string_view value, error_code& error) {
    switch (name) {
      case http::field::transfer_encoding:
        if (parts_.is_chunked || !is_just_chunked(value)) {
          return refuse("its Transfer-Encoding is not just chunked", error);
        }
        parts_.is_chunked = true;
        return;
      case http::field::retry_after: return keep_first(parts_.retry_after, value);
      case http::field::date: return keep_first(parts_.date, value);
      case http::field::content_encoding: return append(parts_.content_encoding, value);
      default: return;
    }
  }

  /// Keeps the first value of a field: a proxy that adds its own value puts it after the first.
  static void keep_first(std::string& kept, std::string_view value) {
    if (kept.empty()) kept = value;
  }

  static void append(std::string& list, std::string_view value) {
    if (!list.empty()) list += ", ";
    list += value;
  }

  /// Content-Length beside Transfer-Encoding was refused by Beast already. So were lengths that
  /// differ; equal ones count as one (RFC 9112, 6.3).
  void on_header_impl(error_code& error) override {
    if (parts_.is_chunked != chunked() || (parts_.is_chunked && !parts_.is_http_1_1)) {
      return refuse("its Transfer-Encoding contradicts the rest", error);
    }
    const auto length = content_length().value_or(0);
    if (parts_.status == 204 || parts_.status == 304) {
      // It has no body whatever its fields say, but a server that says so may send one. A 304 is an
      // error of the server: no request was conditional.
      parts_.is_last = parts_.is_chunked || length > 0 || parts_.status == 304;
      return;
    }
    if (length <= limits::kSmallAnswerBytes) parts_.body.reserve(length);
  }

  std::size_t on_body_impl(beast::string_view piece, error_code&) override {
    parts_.body.append(piece.data(), piece.size());
    return piece.size();
  }

  std::size_t on_chunk_body_impl(std::uint64_t, beast::string_view piece, error_code&) override {
    parts_.body.append(piece.data(), piece.size());
    return piece.size();
  }

  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
  /// Ignores the extensions, but refuses control characters, which could hide in their quoted
  /// strings (RFC 9110, 5.6.4).
  void on_chunk_header_impl(std::uint64_t size, beast::string_view extensions,
                            error_code& error) override {
    if (size == 0) trailer_ = extensions.data() + extensions.size();
    const auto is_control = [](unsigned char c) { return (c < ' ' && c != '\t') || c == 0x7f; };
    if (std::any_of(extensions.begin(), extensions.end(), is_control)) {
      refuse("a chunk extension holds a control character", error);
    }
  }

  void on_finish_impl(error_code&) override {}

  Parts& parts_;
  const char* trailer_ = nullptr;
};

}  // namespace

struct HttpsResponseReader::Parser {
  Parts parts;
  std::optional<Message> message;  ///< A parser of Beast serves one message.
  std::size_t max_body_bytes = 0;
  std::size_t granted_bytes = limits::kSmallAnswerBytes;
};

HttpsResponseReader::HttpsResponseReader()
    : parser_(std::make_unique<Parser>()), input_(limits::kHeaderBytes + 1, '\0') {}

HttpsResponseReader::~HttpsResponseReader() = default;

void HttpsResponseReader::begin(std::size_t max_body_bytes) {
  parser_->parts.clear();
  parser_->message.emplace(parser_->parts, max_body_bytes);
  parser_->max_body_bytes = max_body_bytes;
  parser_->granted_bytes = limits::kSmallAnswerBytes;
  unparsed_bytes_ = 0;
  interim_count_ = skipped_bytes_ = 0;
  has_begun_ = false;
}

void HttpsResponseReader::begin_head() {
  begin(0);
  parser_->message->skip(true);
}

std::span<char> HttpsResponseReader::room() {
  const auto used = std::min(unparsed_bytes_, limits::kHeaderBytes);
  return std::span(input_).first(limits::kHeaderBytes).subspan(used);
}

HttpsResponseReader::Progress HttpsResponseReader::commit(std::size_t count) {
  ATTESTRD_CHECK(count <= room().size());
  const auto old_bytes = unparsed_bytes_;
  unparsed_bytes_ += count;
  has_begun_ = has_begun_ || count > 0;
  if (!parser_->message->is_header_done()) return parse_with_head(old_bytes);
  // Beast asserts that it gets the last chunk in one piece.
  if (parser_->parts.is_chunked && unparsed_bytes_ < kLastChunk.size()) return Progress::more;
  return parse();
}

std::size_t HttpsResponseReader::wanted_bytes() const {
  if (!parser_->message->is_header_done()) return 0;
  const auto length = parser_->message->content_length();
  // Without a length the body may become the largest, once the next read may not be small.
  const bool may_be_large =
      parser_->parts.body.size() + limits::kHeaderBytes > limits::kSmallAnswerBytes;
  const auto most =
      length ? static_cast<std::size_t>(*length) : (may_be_large ? parser_->max_body_bytes : 0);
  return most > parser_->granted_bytes ? most : 0;
}

void HttpsResponseReader::grant(std::size_t bytes) {
  parser_->granted_bytes = bytes;
  // Only what is received is resident. Without this the body would grow by copies of itself.
  parser_->parts.body.reserve(bytes);
}

/// Skips interim responses, then parses the header section in one piece, once it is complete.
HttpsResponseReader::Progress HttpsResponseReader::parse_with_head(std::size_t old_bytes) {
  constexpr std::string_view kEnd = "\r\n\r\n";
  for (;;) {
    if (skip_empty_lines()) old_bytes = 0;
    const auto seen = std::string_view(input_).substr(0, unparsed_bytes_);
    const auto end = seen.find(kEnd, old_bytes - std::min(old_bytes, kEnd.size() - 1));
    if (skipped_bytes_ > limits::kInterimBytes || interim_count_ > limits::kInterimResponses) {
      return end_with(Progress::refused, "too many interim responses precede it");
    }
    if (end == seen.npos) {
      return room().empty() ? end_with(Progress::too_large, kHeaderTooLarge) : Progress::more;
    }
    if (!is_interim(seen)) break;
    if (!is_well_formed(std::string(seen.substr(0, end + kEnd.size())))) {
      return end_with(Progress::refused, "an interim response breaks the grammar of HTTP/1.1");
    }
    ++interim_count_;
    skip(end + kEnd.size());
    old_bytes = 0;
  }
  complete_status_line();
  return parse();
}

/// Skips empty lines before the status line: a server may have sent them after the body of the
/// last response. Returns whether there were any.
bool HttpsResponseReader::skip_empty_lines() {
  std::size_t count = 0;
  const auto seen = std::string_view(input_).substr(0, unparsed_bytes_);
  while (seen.substr(count).starts_with(kLineEnd)) count += kLineEnd.size();
  if (count == 0) return false;
  parser_->parts.is_last = true;
  skip(count);
  return true;
}

void HttpsResponseReader::skip(std::size_t count) {
  skipped_bytes_ += count;
  discard(count);
}

void HttpsResponseReader::discard(std::size_t count) {
  unparsed_bytes_ -= count;
  std::memmove(input_.data(), input_.data() + count, unparsed_bytes_);
}

/// Inserts the space that some servers omit together with the reason phrase. Beast demands it.
void HttpsResponseReader::complete_status_line() {
  if (unparsed_bytes_ <= kReasonAt || input_[kReasonAt] != '\r') return;
  char* const reason = input_.data() + kReasonAt;
  std::memmove(reason + 1, reason, unparsed_bytes_ - kReasonAt);
  *reason = ' ';
  ++unparsed_bytes_;
}

HttpsResponseReader::Progress HttpsResponseReader::parse() {
  error_code error;
  auto& message = *parser_->message;
  discard(message.put({input_.data(), unparsed_bytes_}, error));

  if (error == http::error::header_limit) {
    const bool is_trailer = message.trailer() != nullptr;
    return end_with(Progress::too_large, is_trailer ? kLineTooLarge : kHeaderTooLarge);
  }
  if (error == http::error::body_limit) {
    return end_with(Progress::too_large, "its body is larger than max_response");
  }
  if (error && error != http::error::need_more) {
    const bool is_ours = !fault().empty();
    return end_with(Progress::refused, is_ours ? fault() : "it breaks the grammar of HTTP/1.1");
  }
  if (!message.is_done()) {
    return room().empty() ? end_with(Progress::too_large, kLineTooLarge) : Progress::more;
  }
  if (unparsed_bytes_ > 0) parser_->parts.is_last = true;
  return Progress::complete;
}

bool HttpsResponseReader::end() {
  auto& message = *parser_->message;
  if (!message.is_header_done() || !message.need_eof()) return false;
  error_code error;
  message.put_eof(error);
  return !error;
}

HttpsResponseReader::Progress HttpsResponseReader::end_with(Progress progress,
                                                            std::string_view fault) {
  parser_->parts.fault = fault;
  return progress;
}

HttpResponse HttpsResponseReader::response() const {
  const auto& parts = parser_->parts;
  return {parts.status, parts.retry_after, parts.date, parts.content_encoding, parts.body};
}

std::string& HttpsResponseReader::body() { return parser_->parts.body; }

bool HttpsResponseReader::keeps_alive() const {
  return !parser_->parts.is_last && parser_->message->keep_alive();
}

std::string_view HttpsResponseReader::fault() const { return parser_->parts.fault; }

}  // namespace attestrd
