#include "daemon/log/log_line.h"

#include <fmt/format.h>

#include <string_view>
#include <type_traits>

#include "base/escape.h"
#include "base/rfc3339.h"
#include "json/json_writer.h"

namespace attestrd {
namespace {

/// Calls `put(name, value)` for every field that is set, in their order; a value is a string or a
/// number.
template <class Put>
void for_each_field(const Notice& notice, Put put) {
  const auto put_text = [&put](std::string_view name, std::string_view text) {
    if (!text.empty()) put(name, text);
  };
  const auto put_number = [&put](std::string_view name, const auto& number) {
    if (number) put(name, *number);
  };
  if (notice.handshake) put("handshake", notice.handshake->view());
  if (notice.outcome) put("outcome", name_of(*notice.outcome));
  put_text("reason", notice.reason);
  put_text("request_id", notice.request_id);
  put_text("file", notice.file);
  put_text("host", notice.host);
  put_number("polls", notice.polls);
  put_number("http_status", notice.http_status);
  put_number("code", notice.code);
  put_number("count", notice.count);
  put_number("line", notice.line);
  if (notice.wait) {
    put("wait_ms", std::chrono::duration_cast<std::chrono::milliseconds>(*notice.wait).count());
  }
  put_number("depth", notice.depth);
}

std::string format_json(const Notice& notice, Wall time) {
  std::string line;
  JsonWriter object(line, kLogEscapes);
  object.begin_object();
  object.time("time", time, TimePrecision::microseconds);
  object.text("level", name_of(notice.level));
  object.text("event", name_of(notice.event));
  object.text("message", notice.message);
  for_each_field(notice, [&object](std::string_view name, const auto& value) {
    if constexpr (std::is_convertible_v<decltype(value), std::string_view>) {
      object.text(name, value);
    } else {
      object.number(name, value);
    }
  });
  object.end_object();
  return line += '\n';
}

std::string format_text(const Notice& notice, Wall time) {
  std::string line =
      fmt::format("{} {:<5} {}: ", to_rfc3339(time), name_of(notice.level), name_of(notice.event));
  append_escaped(line, notice.message, kLogEscapes);
  for_each_field(notice, [&line](std::string_view name, const auto& value) {
    if constexpr (std::is_convertible_v<decltype(value), std::string_view>) {
      line += fmt::format(" {}=\"{}\"", name, escaped(value, kLogEscapes));
    } else {
      line += fmt::format(" {}={}", name, value);
    }
  });
  return line += '\n';
}

}  // namespace

std::string format_log_line(const Notice& notice, Wall time, LogFormat format) {
  return format == LogFormat::json ? format_json(notice, time) : format_text(notice, time);
}

}  // namespace attestrd
