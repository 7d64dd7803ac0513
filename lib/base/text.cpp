#include "base/text.h"

#include <algorithm>

namespace attestrd {
namespace {

/// The continuation of a well-formed sequence after its lead byte.
struct Utf8Sequence {
  std::size_t length = 0;  ///< Includes the lead byte; 0: no sequence starts with it.
  unsigned char second_min = 0x80;
  unsigned char second_max = 0xbf;
};

Utf8Sequence utf8_sequence(unsigned char lead) {
  if (lead < 0x80) return {1};
  if (lead >= 0xc2 && lead <= 0xdf) return {2};
  if (lead == 0xe0) return {3, 0xa0, 0xbf};  // Lower values have a shorter form.
  if (lead == 0xed) return {3, 0x80, 0x9f};  // Higher values are surrogates.
  if (lead >= 0xe1 && lead <= 0xef) return {3};
  if (lead == 0xf0) return {4, 0x90, 0xbf};  // Lower values have a shorter form.
  if (lead >= 0xf1 && lead <= 0xf3) return {4};
  if (lead == 0xf4) return {4, 0x80, 0x8f};  // Higher values do not exist: U+10FFFF is the last.
  return {};
}

/// The characters of is_invisible(), in ascending order. Both ends are included.
struct PointRange {
  char32_t first;
  char32_t last;
};

constexpr PointRange kInvisible[] = {
    {0xad, 0xad},       {0x34f, 0x34f},     {0x61c, 0x61c},   {0x115f, 0x1160}, {0x17b4, 0x17b5},
    {0x180b, 0x180f},   {0x200b, 0x200f},   {0x2028, 0x202e}, {0x2060, 0x206f}, {0x3164, 0x3164},
    {0xfe00, 0xfe0f},   {0xfeff, 0xfeff},   {0xffa0, 0xffa0}, {0xfff0, 0xfffb}, {0x1bca0, 0x1bca3},
    {0x1d173, 0x1d17a}, {0xe0000, 0xe0fff},
};

}  // namespace

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, {}, to_lower, to_lower);
}

bool decode_hex(std::string_view hex, std::span<unsigned char> bytes) {
  if (hex.size() != 2 * bytes.size()) return false;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const int high = hex_value(hex[2 * i]);
    const int low = hex_value(hex[2 * i + 1]);
    if (high < 0 || low < 0) return false;
    bytes[i] = static_cast<unsigned char>(high << 4 | low);
  }
  return true;
}

std::size_t utf8_length(std::string_view text) {
  const auto byte = [text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const Utf8Sequence sequence = utf8_sequence(byte(0));
  if (sequence.length < 2) return sequence.length;
  if (text.size() < sequence.length) return 0;
  if (byte(1) < sequence.second_min || byte(1) > sequence.second_max) return 0;
  for (std::size_t i = 2; i < sequence.length; ++i)
    if ((byte(i) & 0xc0) != 0x80) return 0;
  return sequence.length;
}

char32_t utf8_point(std::string_view sequence) {
  const auto lead = static_cast<unsigned char>(sequence.front());
  char32_t point = sequence.size() == 1 ? lead : lead & (0x7fU >> sequence.size());
  for (const char c : sequence.substr(1))
    point = point << 6 | (static_cast<unsigned char>(c) & 0x3f);
  return point;
}

bool is_invisible(char32_t point) {
  return std::ranges::any_of(kInvisible, [point](const PointRange& range) {
    return point >= range.first && point <= range.last;
  });
}

char* put_utf8(char32_t point, char* out) {
  const auto continuation = [point](int shift) {
    return static_cast<char>(0x80 | ((point >> shift) & 0x3f));
  };
  if (point < 0x80) {
    *out++ = static_cast<char>(point);
  } else if (point < 0x800) {
    *out++ = static_cast<char>(0xc0 | (point >> 6));
    *out++ = continuation(0);
  } else if (point < 0x10000) {
    *out++ = static_cast<char>(0xe0 | (point >> 12));
    *out++ = continuation(6);
    *out++ = continuation(0);
  } else {
    *out++ = static_cast<char>(0xf0 | (point >> 18));
    *out++ = continuation(12);
    *out++ = continuation(6);
    *out++ = continuation(0);
  }
  return out;
}

}  // namespace attestrd
