#include "verify/signing_form.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <vector>

#include "base/check.h"
#include "base/escape.h"
#include "base/text.h"
#include "json/decimal_number.h"
#include "json/ecmascript_number.h"
#include "json/json_scanner.h"
#include "json/json_string.h"
#include "verify/member_order.h"

namespace attestrd {
namespace {

using Kind = JsonToken::Kind;

/// A buffer of small pieces, so that the sink is called rarely.
class Gatherer {
 public:
  explicit Gatherer(const ByteSink& sink) : sink_(sink) {}

  void write(std::string_view piece) {
    if (piece.size() > buffer_.size() - size_) flush();
    if (piece.size() > buffer_.size()) {
      sink_(piece);
      return;
    }
    std::copy(piece.begin(), piece.end(), buffer_.data() + size_);
    size_ += piece.size();
  }

  void flush() {
    if (size_ > 0) sink_({buffer_.data(), size_});
    size_ = 0;
  }

 private:
  const ByteSink& sink_;
  std::array<char, 4096> buffer_;
  std::size_t size_ = 0;
};

void write_compact(std::string_view json, Gatherer& out) {
  bool in_string = false;
  std::size_t begin = 0;
  for (std::size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == ' ' || c == '\n' || c == '\r' || c == '\t') {
      out.write(json.substr(begin, i - begin));
      begin = i + 1;
    }
  }
  out.write(json.substr(begin));
}

/// One pass of JSON.stringify over a text.
class Stringifier {
 public:
  Stringifier(std::string_view json, Gatherer& out)
      : json_(json), order_(json), scanner_(json), out_(out) {}

  void run() {
    for (JsonToken token = scanner_.next(); token.kind != Kind::end; token = scanner_.next()) {
      ATTESTRD_CHECK(token.kind != Kind::fault);
      write(token);
      if (token.kind != Kind::key) follow_order(token);
    }
  }

 private:
  /// The position in an object whose members are reordered.
  struct Detour {
    const MemberOrder::Object* object;
    std::size_t depth;
    std::size_t next_member;
  };

  void write(const JsonToken& token);
  void write_string(std::string_view raw);
  void write_escaped(char32_t point);
  void follow_order(const JsonToken& token);

  std::string_view json_;
  MemberOrder order_;
  JsonScanner scanner_;
  Gatherer& out_;
  bool comma_is_due_ = false;
  std::vector<Detour> detours_;  ///< The innermost is last.
};

void Stringifier::write(const JsonToken& token) {
  const bool ends = token.kind == Kind::end_object || token.kind == Kind::end_array;
  if (comma_is_due_ && !ends) out_.write(",");
  comma_is_due_ = true;
  switch (token.kind) {
    case Kind::key:
      write_string(token.text);
      out_.write(":");
      comma_is_due_ = false;
      break;
    case Kind::string: write_string(token.text); break;
    case Kind::number: out_.write(EcmascriptNumber(token.text).view()); break;
    case Kind::begin_object:
    case Kind::begin_array:
      out_.write(token.text);
      comma_is_due_ = false;
      break;
    default: out_.write(token.text);
  }
}

void Stringifier::write_string(std::string_view raw) {
  out_.write("\"");
  for (std::size_t position = 0; position < raw.size();) {
    const std::size_t escape = std::min(raw.find('\\', position), raw.size());
    out_.write(raw.substr(position, escape - position));
    position = escape;
    if (position < raw.size()) write_escaped(decode_json_escape(raw, position));
  }
  out_.write("\"");
}

/// Writes a code point that was escaped in the text, as QuoteJSONString (ECMA-262, 25.5.2.3) does.
void Stringifier::write_escaped(char32_t point) {
  const bool is_lone_surrogate = point >= 0xd800 && point <= 0xdfff;
  if (point < 0x20 || point == '"' || point == '\\' || is_lone_surrogate) {
    out_.write(Escape(static_cast<char16_t>(point), EscapeForm::json_short).view());
    return;
  }
  std::array<char, 4> text;
  const char* const end = put_utf8(point, text.data());
  out_.write({text.data(), static_cast<std::size_t>(end - text.data())});
}

/// Jumps to the member that comes next, after the opening brace and after each value of an object
/// that `order_` lists.
void Stringifier::follow_order(const JsonToken& token) {
  if (token.kind == Kind::begin_object) {
    const auto offset = static_cast<std::size_t>(token.text.data() - json_.data());
    if (const auto* object = order_.find(offset))
      detours_.push_back({object, scanner_.depth(), object->first_member});
  }
  if (token.kind == Kind::end_object && !detours_.empty() &&
      detours_.back().depth > scanner_.depth())
    detours_.pop_back();
  if (detours_.empty() || detours_.back().depth != scanner_.depth()) return;
  Detour& detour = detours_.back();
  scanner_.resume_at(detour.next_member < detour.object->last_member
                         ? order_.member(detour.next_member++).offset
                         : detour.object->end);
}

}  // namespace

std::string_view number_that_stringify_changes(std::string_view json) {
  JsonScanner scanner(json);
  for (JsonToken token = scanner.next(); token.kind != Kind::end; token = scanner.next()) {
    ATTESTRD_CHECK(token.kind != Kind::fault);
    if (token.kind != Kind::number) continue;
    const EcmascriptNumber written(token.text);
    if (written.view() == "null" || !is_same_number(token.text, written.view())) return token.text;
  }
  return {};
}

void write_signing_form(SigningForm form, std::string_view json, const ByteSink& sink) {
  Gatherer out(sink);
  switch (form) {
    case SigningForm::raw: sink(json); break;
    case SigningForm::compact: write_compact(json, out); break;
    case SigningForm::stringify: Stringifier(json, out).run(); break;
  }
  out.flush();
}

}  // namespace attestrd
