#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace attestrd::simulator {

using WallTime = std::chrono::system_clock::time_point;

/// The form of a Retry-After (RFC 9110, 5.6.7 and 10.2.3).
enum class RetryForm { seconds, imf, rfc850, asctime };

struct RetryAfter {
  RetryForm form = RetryForm::seconds;
  int seconds = 1;
};

/// Parses `S` or `S,imf|rfc850|asctime`. Throws std::invalid_argument.
RetryAfter parse_retry_after(std::string_view text);

/// Returns `now` plus the seconds, in this form.
std::string retry_after_value(const RetryAfter& retry, WallTime now);

struct HttpAnswer {
  int status = 200;
  std::string body;
  std::string_view content_type = "application/json";
  std::optional<std::string> retry_after;
};

struct Framing {
  bool chunked = false;  ///< false: framed by Content-Length.
  bool last = false;     ///< Has `Connection: close`.
};

/// Returns the bytes of the answer (RFC 9112).
std::string wire_text(const HttpAnswer& answer, Framing framing, WallTime now);

}  // namespace attestrd::simulator
