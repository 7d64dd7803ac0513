#include "http_text.h"

#include "numbers.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <stdexcept>

namespace attestrd::simulator {
namespace {

std::string date(RetryForm form, WallTime time) {
  const std::tm utc = fmt::gmtime(std::chrono::system_clock::to_time_t(time));
  switch (form) {
    case RetryForm::rfc850: return fmt::format("{:%A, %d-%b-%y %H:%M:%S GMT}", utc);
    case RetryForm::asctime: return fmt::format("{:%a %b %e %H:%M:%S %Y}", utc);
    default: return fmt::format("{:%a, %d %b %Y %H:%M:%S GMT}", utc);
  }
}

std::string_view reason_of(int status) {
  switch (status) {
    case 200: return "OK";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 429: return "Too Many Requests";
    case 500: return "Internal Server Error";
    case 502: return "Bad Gateway";
    case 503: return "Service Unavailable";
  }
  return "";
}

std::string in_chunks(std::string_view body) {
  const std::size_t size = body.size() / 3 + 1;
  std::string out;
  for (; !body.empty(); body.remove_prefix(std::min(size, body.size()))) {
    const std::string_view chunk = body.substr(0, size);
    out += fmt::format("{:x}\r\n{}\r\n", chunk.size(), chunk);
  }
  return out + "0\r\n\r\n";
}

}  // namespace

RetryAfter parse_retry_after(std::string_view text) {
  const auto comma = text.find(',');
  RetryAfter retry;
  retry.seconds = static_cast<int>(parse_number(text.substr(0, comma)));
  if (comma == std::string_view::npos) return retry;

  const std::string_view form = text.substr(comma + 1);
  if (form == "imf")
    retry.form = RetryForm::imf;
  else if (form == "rfc850")
    retry.form = RetryForm::rfc850;
  else if (form == "asctime")
    retry.form = RetryForm::asctime;
  else
    throw std::invalid_argument(
        fmt::format("'{}' is no form of date: want imf, rfc850 or asctime", form));
  return retry;
}

std::string retry_after_value(const RetryAfter& retry, WallTime now) {
  if (retry.form == RetryForm::seconds) return fmt::to_string(retry.seconds);
  return date(retry.form, now + std::chrono::seconds(retry.seconds));
}

std::string wire_text(const HttpAnswer& answer, Framing framing, WallTime now) {
  std::string out = fmt::format(
      "HTTP/1.1 {} {}\r\nServer: attestr-sim\r\nDate: {}\r\nContent-Type: {}\r\n", answer.status,
      reason_of(answer.status), date(RetryForm::imf, now), answer.content_type);
  if (answer.retry_after) out += fmt::format("Retry-After: {}\r\n", *answer.retry_after);
  if (framing.last) out += "Connection: close\r\n";
  if (framing.chunked) return out + "Transfer-Encoding: chunked\r\n\r\n" + in_chunks(answer.body);
  out += fmt::format("Content-Length: {}\r\n\r\n", answer.body.size());
  return out + answer.body;
}

}  // namespace attestrd::simulator
