#include "json/json_scanner.h"

#include <cstdint>
#include <cstring>

#include "base/check.h"
#include "base/limits.h"
#include "base/text.h"

namespace attestrd {
namespace {

using Kind = JsonToken::Kind;

/// Characters of one byte that need no check in a string.
constexpr CharSet kPlain =
    CharSet::range(0x20, 0x21) | CharSet::range(0x23, 0x5b) | CharSet::range(0x5d, 0x7f);

constexpr std::size_t kBlockBytes = 32;

/// Returns whether all bytes of a block are plain, computed for eight at once: for a byte that is
/// not plain, the subtraction borrows from its highest bit, as long as no byte has that bit set
/// itself.
bool are_plain(const char* block) {
  constexpr std::uint64_t kOnes = 0x0101010101010101;
  std::uint64_t special = 0;
  for (std::size_t i = 0; i < kBlockBytes; i += sizeof(std::uint64_t)) {
    std::uint64_t word;
    std::memcpy(&word, block + i, sizeof word);
    special |= word | (word - ' ' * kOnes) | ((word ^ '"' * kOnes) - kOnes) |
               ((word ^ '\\' * kOnes) - kOnes);
  }
  return (special & 0x80 * kOnes) == 0;
}

}  // namespace

JsonToken JsonScanner::next() {
  skip_space();
  if (expect_ == Expect::comma_or_end && sees(',')) {
    ++position_;
    skip_space();
    expect_ = in_object() ? Expect::key : Expect::value;
  }
  switch (expect_) {
    case Expect::key_or_end: return sees('}') ? close() : scan_key();
    case Expect::key: return scan_key();
    case Expect::value_or_end: return sees(']') ? close() : scan_value();
    case Expect::value: return scan_value();
    case Expect::comma_or_end:
      return sees(in_object() ? '}' : ']') ? close() : fail(JsonFault::syntax);
    case Expect::nothing:
      if (position_ < text_.size()) return fail(JsonFault::syntax);
      return {Kind::end, text_.substr(position_)};
    case Expect::failed: break;
  }
  return {Kind::fault, {}};
}

void JsonScanner::resume_at(std::size_t offset) {
  ATTESTRD_CHECK(depth_ > 0 && in_object() && offset < text_.size());
  position_ = offset;
  expect_ = sees('}') ? Expect::comma_or_end : Expect::key;
}

bool JsonScanner::sees_digit() const {
  return position_ < text_.size() && is_digit(text_[position_]);
}

void JsonScanner::skip_space() {
  while (sees(' ') || sees('\n') || sees('\r') || sees('\t')) ++position_;
}

JsonToken JsonScanner::open(bool is_object) {
  if (depth_ == max_depth_) return fail(JsonFault::depth);
  is_object_[depth_++] = is_object;
  expect_ = is_object ? Expect::key_or_end : Expect::value_or_end;
  return {is_object ? Kind::begin_object : Kind::begin_array, text_.substr(position_++, 1)};
}

JsonToken JsonScanner::close() {
  const auto kind = in_object() ? Kind::end_object : Kind::end_array;
  --depth_;
  return after_value({kind, text_.substr(position_++, 1)});
}

JsonToken JsonScanner::scan_key() {
  if (!sees('"')) return fail(JsonFault::syntax);
  const JsonToken token = scan_string(Kind::key);
  if (token.kind == Kind::fault) return token;
  skip_space();
  if (!sees(':')) return fail(JsonFault::syntax);
  ++position_;
  expect_ = Expect::value;
  return token;
}

JsonToken JsonScanner::scan_value() {
  if (position_ == text_.size()) return fail(JsonFault::syntax);
  switch (text_[position_]) {
    case '{': return open(true);
    case '[': return open(false);
    case '"': return after_value(scan_string(Kind::string));
    case 't': return scan_literal("true", Kind::boolean);
    case 'f': return scan_literal("false", Kind::boolean);
    case 'n': return scan_literal("null", Kind::null);
    default: return scan_number();
  }
}

JsonToken JsonScanner::scan_string(Kind kind) {
  const std::size_t begin = ++position_;
  for (;;) {
    skip_plain();
    if (position_ == text_.size()) return fail(JsonFault::syntax);
    const auto byte = static_cast<unsigned char>(text_[position_]);
    if (byte == '"') return {kind, text_.substr(begin, position_++ - begin)};
    if (byte < 0x80) {
      if (byte != '\\' || !skip_escape()) return fail(JsonFault::syntax);
    } else if (!skip_utf8()) {
      return fail(JsonFault::utf8);
    }
  }
}

/// Skips plain bytes in blocks, since an answer may contain a photograph, and nearly all of its
/// bytes are plain.
void JsonScanner::skip_plain() {
  while (text_.size() - position_ >= kBlockBytes && are_plain(text_.data() + position_))
    position_ += kBlockBytes;
  while (position_ < text_.size() && kPlain.contains(text_[position_])) ++position_;
}

bool JsonScanner::skip_escape() {
  ++position_;
  if (position_ == text_.size()) return false;
  const char name = text_[position_++];
  if (name != 'u') return std::string_view(R"("\/bfnrt)").find(name) != std::string_view::npos;
  for (int digit = 0; digit < 4; ++digit, ++position_)
    if (position_ == text_.size() || hex_value(text_[position_]) < 0) return false;
  return true;
}

bool JsonScanner::skip_utf8() {
  const std::size_t length = utf8_length(text_.substr(position_));
  position_ += length;
  return length > 0;
}

bool JsonScanner::skip_digits() {
  if (!sees_digit()) return false;
  while (sees_digit()) ++position_;
  return true;
}

JsonToken JsonScanner::scan_number() {
  const std::size_t begin = position_;
  if (sees('-')) ++position_;
  if (sees('0')) {
    ++position_;  // No digit may follow: it would begin a second number without a comma between.
  } else if (!skip_digits()) {
    return fail(JsonFault::syntax);
  }
  if (sees('.')) {
    ++position_;
    if (!skip_digits()) return fail(JsonFault::syntax);
  }
  if (sees('e') || sees('E')) {
    ++position_;
    if (sees('+') || sees('-')) ++position_;
    if (!skip_digits()) return fail(JsonFault::syntax);
  }
  return after_value({Kind::number, text_.substr(begin, position_ - begin)});
}

JsonToken JsonScanner::scan_literal(std::string_view literal, Kind kind) {
  if (text_.substr(position_, literal.size()) != literal) return fail(JsonFault::syntax);
  const JsonToken token{kind, text_.substr(position_, literal.size())};
  position_ += literal.size();
  return after_value(token);
}

JsonToken JsonScanner::after_value(JsonToken token) {
  if (token.kind != Kind::fault) expect_ = depth_ == 0 ? Expect::nothing : Expect::comma_or_end;
  return token;
}

JsonToken JsonScanner::fail(JsonFault fault) {
  expect_ = Expect::failed;
  fault_ = fault;
  return {Kind::fault, {}};
}

}  // namespace attestrd
