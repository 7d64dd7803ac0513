#include "fuzz/http_message.h"

#include <algorithm>
#include <cctype>
#include <cstdint>

namespace attestrd::fuzz {
namespace {

constexpr std::string_view kDigits = "0123456789";
constexpr std::string_view kHexDigits = "0123456789abcdefABCDEF";
constexpr std::string_view kTokenCharacters =
    "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

bool consists_of(std::string_view text, std::string_view characters) {
  return !text.empty() && text.find_first_not_of(characters) == text.npos;
}

/// Returns whether the text contains only HTAB, SP, VCHAR and obs-text.
bool is_field_text(std::string_view text) {
  return std::ranges::all_of(text, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte == '\t' || (byte >= ' ' && byte != 0x7f);
  });
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](unsigned char c) {
    return static_cast<char>(c < 0x80 ? std::tolower(c) : c);
  });
  return out;
}

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

/// A parser of a response, from left to right.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  std::optional<HttpMessage> read() {
    HttpMessage message;
    do {
      message = {};
      while (rest_.starts_with("\r\n")) rest_.remove_prefix(2);
      if (!read_status_line(message) || !read_fields(message.fields)) return std::nullopt;
    } while (message.status / 100 == 1 && message.status != 101);
    if (!read_body(message) || !rest_.empty()) return std::nullopt;
    return message;
  }

 private:
  /// Returns the next line without its CRLF.
  std::optional<std::string_view> line() {
    const auto end = rest_.find("\r\n");
    if (end == rest_.npos) return std::nullopt;
    const auto line = rest_.substr(0, end);
    rest_.remove_prefix(end + 2);
    return line;
  }

  bool read_status_line(HttpMessage& message) {
    const auto text = line();
    if (!text || text->size() < 12 || !is_field_text(*text)) return false;
    const auto version = text->substr(0, 9);
    message.is_http_1_1 = version == "HTTP/1.1 ";
    if (!message.is_http_1_1 && version != "HTTP/1.0 ") return false;
    const auto status = text->substr(9, 3);
    const bool has_reason = text->size() > 12;
    if (!consists_of(status, kDigits) || (has_reason && (*text)[12] != ' ')) return false;
    message.status = static_cast<unsigned>(std::stoul(std::string(status)));
    return true;
  }

  bool read_fields(std::vector<std::pair<std::string, std::string>>& fields) {
    for (;;) {
      const auto text = line();
      if (!text) return false;
      if (text->empty()) return true;
      if (!fields.empty() && (text->front() == ' ' || text->front() == '\t')) {
        if (!is_field_text(*text)) return false;
        auto& value = fields.back().second;
        value = trimmed(value + " " + std::string(trimmed(*text)));
        continue;
      }
      const auto colon = text->find(':');
      if (colon == text->npos || !consists_of(text->substr(0, colon), kTokenCharacters)) {
        return false;
      }
      const auto value = trimmed(text->substr(colon + 1));
      if (!is_field_text(value)) return false;
      fields.emplace_back(lower(text->substr(0, colon)), value);
    }
  }

  bool read_body(HttpMessage& message) {
    const auto lengths = elements(message.values("content-length"));
    const auto codings = elements(message.values("transfer-encoding"));
    if (message.status == 204 || message.status == 304) return true;
    if (!lengths.empty() && !codings.empty()) return false;
    if (!codings.empty())
      return message.is_http_1_1 && codings.size() == 1 && codings[0] == "chunked" &&
             read_chunks(message.body);
    if (lengths.empty() || !consists_of(lengths[0], kDigits)) return false;
    const auto length = number(lengths[0], 10);
    const auto is_equal = [length](const std::string& other) {
      return consists_of(other, kDigits) && number(other, 10) == length;
    };
    return std::ranges::all_of(lengths, is_equal) && take(length, message.body);
  }

  /// Returns the elements of lists, in lower case; empty ones do not count.
  static std::vector<std::string> elements(const std::vector<std::string>& lists) {
    std::vector<std::string> elements;
    for (std::string_view list : lists) {
      for (bool has_more = true; has_more;) {
        const auto comma = list.find(',');
        has_more = comma != list.npos;
        if (const auto element = trimmed(list.substr(0, comma)); !element.empty())
          elements.push_back(lower(element));
        if (has_more) list.remove_prefix(comma + 1);
      }
    }
    return elements;
  }

  bool read_chunks(std::string& body) {
    for (;;) {
      const auto head = line();
      if (!head || !is_field_text(*head)) return false;
      const auto digits = head->substr(0, head->find_first_not_of(kHexDigits));
      const auto rest = trimmed(head->substr(digits.size()));
      if (digits.empty() || (!rest.empty() && rest[0] != ';')) return false;
      const auto size = number(digits, 16);
      std::vector<std::pair<std::string, std::string>> trailer;
      if (size == 0) return read_fields(trailer);
      if (!take(size, body) || line() != "") return false;
    }
  }

  /// Returns the number, which saturates.
  static std::uint64_t number(std::string_view digits, unsigned base) {
    constexpr std::uint64_t kMost = std::uint64_t{1} << 40;
    std::uint64_t value = 0;
    for (const char c : lower(digits)) {
      const auto digit = static_cast<std::uint64_t>(c <= '9' ? c - '0' : c - 'a' + 10);
      value = std::min(value * base + digit, kMost);
    }
    return value;
  }

  bool take(std::uint64_t count, std::string& body) {
    if (count > rest_.size()) return false;
    body += rest_.substr(0, count);
    rest_.remove_prefix(count);
    return true;
  }

  std::string_view rest_;
};

}  // namespace

std::vector<std::string> HttpMessage::values(std::string_view name) const {
  std::vector<std::string> values;
  for (const auto& [field, value] : fields)
    if (field == name) values.push_back(value);
  return values;
}

std::optional<HttpMessage> read_http_message(std::string_view text) { return Reader(text).read(); }

}  // namespace attestrd::fuzz
