#include "json/key_twin.h"

#include <cstddef>

#include "base/text.h"

namespace attestrd {
namespace {

bool is_dropped(char32_t point) {
  const bool is_control = point <= ' ' || (point >= 0x7f && point <= 0xa0);
  const bool is_blank = point == 0x1680 || (point >= 0x2000 && point <= 0x200a) ||
                        point == 0x202f || point == 0x205f || point == 0x3000;
  return is_control || is_blank || is_invisible(point);
}

/// Returns the character without its case and width.
char32_t folded(char32_t point) {
  if (point >= 0xff01 && point <= 0xff5e) point -= 0xfee0;
  switch (point) {
    case 0x130:
    case 0x131: return 'i';
    case 0x17f: return 's';
    case 0x212a: return 'k';
    default: break;
  }
  return point < 0x80 ? static_cast<unsigned char>(to_lower(static_cast<char>(point))) : point;
}

}  // namespace

bool is_key_twin(std::string_view name, std::string_view known) {
  std::size_t matched = 0;
  while (!name.empty()) {
    const std::size_t length = utf8_length(name);
    if (length == 0) return false;  // A lone surrogate, which no known key has.
    const char32_t point = utf8_point(name.substr(0, length));
    name.remove_prefix(length);
    if (point == 0) break;
    if (is_dropped(point)) continue;
    if (matched == known.size()) return false;
    const auto wanted = static_cast<unsigned char>(to_lower(known[matched++]));
    if (folded(point) != wanted) return false;
  }
  return matched == known.size();
}

}  // namespace attestrd
