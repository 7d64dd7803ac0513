#include "daemon/log/log_line.h"

#include <fmt/format.h>

#include <cstddef>
#include <string_view>

#include "base/rfc3339.h"

namespace attestrd {
namespace {

constexpr std::string_view kReplacement = "\xef\xbf\xbd";  // U+FFFD

/// The length of the well-formed UTF-8 sequence at the start of `text` (Unicode 15, table 3-7); 0:
/// there is none.
std::size_t utf8_length(std::string_view text) {
  const auto byte = [text](std::size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u;
  };
  const auto continues = [&byte](std::size_t i) { return (byte(i) & 0xc0u) == 0x80; };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first <= 0xdf) return continues(1) ? 2 : 0;
  if ((first & 0xf0u) == 0xe0) {
    const bool overlong = first == 0xe0 && byte(1) < 0xa0;
    const bool surrogate = first == 0xed && byte(1) > 0x9f;
    return continues(1) && continues(2) && !overlong && !surrogate ? 3 : 0;
  }
  if (first >= 0xf0 && first <= 0xf4) {
    const bool overlong = first == 0xf0 && byte(1) < 0x90;
    const bool too_large = first == 0xf4 && byte(1) > 0x8f;
    return continues(1) && continues(2) && continues(3) && !overlong && !too_large ? 4 : 0;
  }
  return 0;
}

/// Appends `text` as the inside of a JSON string.
void append_escaped(std::string& out, std::string_view text) {
  while (!text.empty()) {
    const auto length = utf8_length(text);
    const char c = text.front();
    if (length == 0) {
      out += kReplacement;
    } else if (length > 1) {
      // C1 controls (U+0080 to U+009F) can move the cursor of a terminal.
      const bool is_c1 = c == '\xc2' && static_cast<unsigned char>(text[1]) < 0xa0;
      out += is_c1 ? kReplacement : text.substr(0, length);
    } else if (c == '"' || c == '\\') {
      out += {'\\', c};
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned>(c));
    } else {
      out += c;
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
}

void append_quoted(std::string& out, std::string_view text) {
  out += '"';
  append_escaped(out, text);
  out += '"';
}

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

template <class Value>
void append_value(std::string& out, const Value& value) {
  if constexpr (std::is_convertible_v<Value, std::string_view>) {
    append_quoted(out, value);
  } else {
    fmt::format_to(std::back_inserter(out), "{}", value);
  }
}

std::string format_json(const Notice& notice, Wall time) {
  std::string line = fmt::format(R"({{"time":"{}","level":"{}","event":"{}","message":)",
                                 to_rfc3339(time), name_of(notice.level), name_of(notice.event));
  append_quoted(line, notice.message);
  for_each_field(notice, [&line](std::string_view name, const auto& value) {
    fmt::format_to(std::back_inserter(line), ",\"{}\":", name);
    append_value(line, value);
  });
  return line += "}\n";
}

std::string format_text(const Notice& notice, Wall time) {
  std::string line =
      fmt::format("{} {:<5} {}: ", to_rfc3339(time), name_of(notice.level), name_of(notice.event));
  append_escaped(line, notice.message);
  for_each_field(notice, [&line](std::string_view name, const auto& value) {
    fmt::format_to(std::back_inserter(line), " {}=", name);
    append_value(line, value);
  });
  return line += '\n';
}

}  // namespace

std::string format_log_line(const Notice& notice, Wall time, LogFormat format) {
  return format == LogFormat::json ? format_json(notice, time) : format_text(notice, time);
}

}  // namespace attestrd
