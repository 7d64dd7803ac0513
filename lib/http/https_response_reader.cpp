#include "http/https_response_reader.h"

#include <boost/beast/core/string.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>

#include <algorithm>
#include <cstring>
#include <optional>

#include "base/check.h"
#include "base/limits.h"

namespace attestrd {
namespace {

namespace beast = boost::beast;
namespace http = beast::http;
using boost::system::error_code;

constexpr std::size_t kKeptBodyBytes = 64 * 1024;  ///< A larger body buffer is freed.

constexpr std::string_view kLastChunk = "0\r\n\r\n";  ///< The shortest end of a chunked body.

constexpr std::string_view kHeaderTooLarge = "its header section is too large";
constexpr std::string_view kLineTooLarge = "the line of a chunk or its trailer is too large";

bool is_number(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool has_folded_line(std::string_view lines) {
  return lines.find("\n ") != lines.npos || lines.find("\n\t") != lines.npos;
}

/// The parts of a response that are kept. The strings are reused from one response to the next.
struct Parts {
  unsigned status = 0;
  bool is_http_1_1 = false;
  bool has_length = false;
  bool is_chunked = false;
  std::string retry_after;
  std::string date;
  std::string content_encoding;
  std::string body;
  std::string_view fault;  ///< The reason why the response was refused.

  void clear() {
    status = 0;
    is_http_1_1 = has_length = is_chunked = false;
    retry_after.clear();
    date.clear();
    content_encoding.clear();
    body.clear();
    if (body.capacity() > kKeptBodyBytes) body.shrink_to_fit();
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
    if (status < 200 || status > 599) return refuse("its status is not from 200 to 599", error);
    parts_.status = static_cast<unsigned>(status);
    parts_.is_http_1_1 = version == 11;
  }

  void on_field_impl(http::field name, beast::string_view, beast::string_view value,
                     error_code& error) override {
    const bool is_trailer = is_header_done();  // A trailer is read and ignored.
    if (!is_trailer) take_field(name, {value.data(), value.size()}, error);
  }

  void take_field(http::field name, std::string_view value, error_code& error) {
    switch (name) {
      case http::field::content_length:
        if (parts_.has_length || !is_number(value)) {
          return refuse("its Content-Length is not one number", error);
        }
        parts_.has_length = true;
        return;
      case http::field::transfer_encoding:
        if (parts_.is_chunked || !beast::iequals(value, "chunked")) {
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

  void on_header_impl(error_code& error) override {
    const auto length = content_length().value_or(0);
    if (parts_.is_chunked && (parts_.has_length || !parts_.is_http_1_1)) {
      return refuse("its Transfer-Encoding contradicts the rest", error);
    }
    if (parts_.status == 204 || parts_.status == 304) {
      if (parts_.is_chunked || length > 0) refuse("it has a body where none may be", error);
      return;
    }
    if (!parts_.is_chunked && !parts_.has_length) {
      return refuse("it does not say its length", error);
    }
    parts_.body.reserve(length);
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
};

HttpsResponseReader::HttpsResponseReader()
    : parser_(std::make_unique<Parser>()), input_(limits::kHeaderBytes, '\0') {}

HttpsResponseReader::~HttpsResponseReader() = default;

void HttpsResponseReader::begin(std::size_t max_body_bytes) {
  parser_->parts.clear();
  parser_->message.emplace(parser_->parts, max_body_bytes);
  unparsed_bytes_ = 0;
  has_begun_ = false;
}

std::span<char> HttpsResponseReader::room() { return std::span(input_).subspan(unparsed_bytes_); }

HttpsResponseReader::Progress HttpsResponseReader::commit(std::size_t count) {
  ATTESTRD_CHECK(count <= input_.size() - unparsed_bytes_);
  const auto old_bytes = unparsed_bytes_;
  unparsed_bytes_ += count;
  has_begun_ = has_begun_ || count > 0;
  if (!parser_->message->is_header_done()) return parse_with_head(old_bytes);
  // Beast asserts that it gets the last chunk in one piece.
  if (parser_->parts.is_chunked && unparsed_bytes_ < kLastChunk.size()) return Progress::more;
  return parse();
}

/// Parses the header section in one piece, once it is complete. Beast would join its folded lines
/// (RFC 9112, 5.2), so these are searched for first.
HttpsResponseReader::Progress HttpsResponseReader::parse_with_head(std::size_t old_bytes) {
  constexpr std::string_view kEnd = "\r\n\r\n";
  const auto seen = std::string_view(input_).substr(0, unparsed_bytes_);
  const auto end = seen.find(kEnd, old_bytes - std::min(old_bytes, kEnd.size() - 1));
  if (end == seen.npos) {
    return room().empty() ? end_with(Progress::too_large, kHeaderTooLarge) : Progress::more;
  }
  if (has_folded_line(seen.substr(0, end + kEnd.size()))) {
    return end_with(Progress::refused, "a line of its header section is folded");
  }
  return parse();
}

HttpsResponseReader::Progress HttpsResponseReader::parse() {
  error_code error;
  auto& message = *parser_->message;
  const auto taken = message.put({input_.data(), unparsed_bytes_}, error);
  if (message.is_done() && message.trailer() != nullptr &&
      has_folded_line({message.trailer(), input_.data() + taken})) {
    return end_with(Progress::refused, "a line of its trailer is folded");
  }
  unparsed_bytes_ -= taken;
  std::memmove(input_.data(), input_.data() + taken, unparsed_bytes_);

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
  if (unparsed_bytes_ > 0) return end_with(Progress::refused, "bytes follow it");
  return Progress::complete;
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

bool HttpsResponseReader::keeps_alive() const { return parser_->message->keep_alive(); }

std::string_view HttpsResponseReader::fault() const { return parser_->parts.fault; }

}  // namespace attestrd
