#include "inbox/submission.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdint>

#include "base/limits.h"
#include "base/text.h"
#include "files/files.h"
#include "json/json_scanner.h"
#include "json/json_string.h"

namespace attestrd {
namespace {

using Kind = JsonToken::Kind;
using Line = std::variant<Submission, BlankLine, BadLine>;

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
constexpr std::string_view kIdRule = "an id has 1 to 64 letters, digits, '_' or '-'";

// The start of 2010 and of 2200, in milliseconds. A time in seconds or microseconds is outside.
constexpr std::int64_t kEarliestExpiryMs = 1'262'304'000'000;
constexpr std::int64_t kLatestExpiryMs = 7'258'118'400'000;

std::string_view trimmed(std::string_view line) {
  if (line.starts_with(kByteOrderMark)) line.remove_prefix(kByteOrderMark.size());
  const auto first = line.find_first_not_of(" \t\r");
  if (first == std::string_view::npos) return {};
  return line.substr(first, line.find_last_not_of(" \t\r") - first + 1);
}

/// Returns whether the text holds a lone surrogate, which UTF-8 can't encode. The scanner accepts
/// the escape of one, and the unescaped text then has a sequence that begins with ED A0 to ED BF.
bool holds_lone_surrogate(std::string_view text) {
  for (std::size_t i = 0; i + 1 < text.size(); ++i)
    if (text[i] == '\xED' && static_cast<unsigned char>(text[i + 1]) >= 0xA0) return true;
  return false;
}

/// Returns whether a line that is no submission comes from a text in UTF-16: it has a byte order
/// mark, or NULs beside other bytes.
bool is_utf16(std::string_view line) {
  const bool has_nul = line.find('\0') != std::string_view::npos;
  const bool has_text = line.find_first_not_of('\0') != std::string_view::npos;
  return line.starts_with("\xFF\xFE") || line.starts_with("\xFE\xFF") || (has_nul && has_text);
}

/// A reader of one JSON object, member by member.
class ObjectReader {
 public:
  explicit ObjectReader(std::string_view text) : scanner_(text) {}

  Line read() {
    if (scanner_.next().kind != Kind::begin_object) return broken();
    for (;;) {
      const JsonToken key = scanner_.next();
      if (key.kind == Kind::end_object) break;
      if (key.kind != Kind::key) return broken();
      const JsonToken value = scanner_.next();
      if (value.kind == Kind::fault) return broken();
      if (auto objection = take(unescape_json_string(key.text), value))
        return BadLine{std::move(*objection)};
    }
    if (scanner_.next().kind != Kind::end) return broken();
    if (!id_) return BadLine{"the object has no \"id\""};
    return Submission{*id_, tag_.value_or(""), expiry_};
  }

 private:
  using Objection = std::optional<std::string>;

  BadLine broken() const {
    return {scanner_.fault() == JsonFault::utf8 ? "it is not valid UTF-8" : "it is not valid JSON"};
  }

  Objection take(const std::string& key, const JsonToken& value) {
    if (key == "id") return take_id(value);
    if (key == "tag") return take_tag(value);
    if (key == "expiry") return take_expiry(value);
    return "unknown key \"" + harmless_name(key) + "\": there are \"id\", \"tag\" and \"expiry\"";
  }

  Objection take_id(const JsonToken& value) {
    if (id_) return "\"id\" stands twice";
    if (value.kind != Kind::string) return "\"id\" must be a string";
    id_ = HandshakeId::parse(unescape_json_string(value.text));
    if (!id_) return "\"id\" is not an id: " + std::string(kIdRule);
    return std::nullopt;
  }

  Objection take_tag(const JsonToken& value) {
    if (tag_) return "\"tag\" stands twice";
    if (value.kind != Kind::string) return "\"tag\" must be a string";
    tag_ = unescape_json_string(value.text);
    if (tag_->size() > limits::kTagBytes)
      return "\"tag\" has more than " + std::to_string(limits::kTagBytes) + " bytes";
    if (holds_lone_surrogate(*tag_)) return "\"tag\" holds half of a surrogate pair";
    return std::nullopt;
  }

  Objection take_expiry(const JsonToken& value) {
    if (expiry_) return "\"expiry\" stands twice";
    std::int64_t milliseconds = 0;
    const auto end = value.text.data() + value.text.size();
    const auto [rest, error] = std::from_chars(value.text.data(), end, milliseconds);
    if (value.kind != Kind::number || error != std::errc() || rest != end)
      return "\"expiry\" must be a whole number: unix time in milliseconds";
    if (milliseconds < kEarliestExpiryMs || milliseconds > kLatestExpiryMs)
      return "\"expiry\" is not between 2010 and 2200: it is unix time in milliseconds";
    expiry_ = Wall(std::chrono::milliseconds(milliseconds));
    return std::nullopt;
  }

  JsonScanner scanner_;
  std::optional<HandshakeId> id_;
  std::optional<std::string> tag_;
  std::optional<Wall> expiry_;
};

}  // namespace

Line read_submission_line(std::string_view line) {
  if (line.size() > limits::kSubmissionLineBytes)
    return BadLine{"it is longer than " + std::to_string(limits::kSubmissionLineBytes) + " bytes"};
  const auto text = trimmed(line);
  if (text.empty() || text.front() == '#') return BlankLine{};
  if (text.front() == '{') return ObjectReader(text).read();
  if (const auto id = HandshakeId::parse(text)) return Submission{*id, {}, std::nullopt};
  if (is_utf16(line)) return BadLine{"it is UTF-16 text: write it as UTF-8"};
  return BadLine{"it is not an id: " + std::string(kIdRule)};
}

bool is_submission_name(std::string_view name) {
  // The endings by which browsers, sftp clients and editors name a file that they still write.
  constexpr std::string_view kUnfinished[] = {".tmp",        ".part", ".partial", ".filepart",
                                              ".crdownload", ".swp",  ".swx"};
  std::string lower(name);
  for (char& c : lower) c = to_lower(c);
  const bool is_backup = name.ends_with('~') || (name.starts_with('#') && name.ends_with('#'));
  const auto ends_so = [&lower](std::string_view ending) { return lower.ends_with(ending); };
  return !name.starts_with('.') && !is_backup && std::ranges::none_of(kUnfinished, ends_so);
}

std::optional<EmptyFileRequest> request_of_empty_file(std::string_view name) {
  constexpr std::string_view kKick = ".kick";
  const bool is_kick = name.ends_with(kKick);
  // Any name may be an id: an empty file without `.kick` must look like one of Attestr's.
  if (!is_kick && !name.starts_with("DS")) return std::nullopt;
  if (is_kick) name.remove_suffix(kKick.size());
  const auto id = HandshakeId::parse(name);
  if (!id) return std::nullopt;
  return EmptyFileRequest{*id, is_kick};
}

}  // namespace attestrd
