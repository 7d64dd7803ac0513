#include "verify/member_order.h"

#include <algorithm>
#include <array>
#include <limits>

#include "base/check.h"
#include "base/text.h"
#include "json/json_scanner.h"
#include "json/json_string.h"

namespace attestrd {
namespace {

using Kind = JsonToken::Kind;

constexpr std::uint32_t kNoIndex = std::numeric_limits<std::uint32_t>::max();

/// Returns the array index (ECMA-262, 6.1.7) that a key spells, 0 to 2^32 - 2, or kNoIndex.
std::uint32_t array_index(std::string_view raw) {
  constexpr std::size_t kDigits = 10;
  constexpr std::size_t kEscapedDigits = kDigits * 6;  // Each digit may be spelled \u003x.
  if (raw.size() > kEscapedDigits) return kNoIndex;
  std::array<char, kEscapedDigits> buffer;
  const std::string_view name(buffer.data(), unescape_json_string(raw, buffer.data()));
  if (name.empty() || name.size() > kDigits) return kNoIndex;
  if (name.size() > 1 && name.front() == '0') return kNoIndex;
  std::uint64_t index = 0;
  for (const char c : name) {
    if (!is_digit(c)) return kNoIndex;
    index = index * 10 + static_cast<std::uint64_t>(c - '0');
  }
  return index < kNoIndex ? static_cast<std::uint32_t>(index) : kNoIndex;
}

}  // namespace

MemberOrder::MemberOrder(std::string_view json) {
  std::vector<OpenObject> open_objects;
  std::vector<Member> open_members;
  JsonScanner scanner(json);
  for (JsonToken token = scanner.next(); token.kind != Kind::end; token = scanner.next()) {
    ATTESTRD_CHECK(token.kind != Kind::fault);
    const auto offset = static_cast<std::size_t>(token.text.data() - json.data());
    if (token.kind == Kind::begin_object) {
      open_objects.push_back({offset, open_members.size()});
    } else if (token.kind == Kind::key) {
      open_members.push_back({array_index(token.text), offset - 1});
    } else if (token.kind == Kind::end_object) {
      close(open_objects.back(), offset, open_members);
      open_objects.pop_back();
    }
  }
  std::ranges::sort(objects_, {}, &Object::begin);
}

void MemberOrder::close(const OpenObject& object, std::size_t end,
                        std::vector<Member>& open_members) {
  const auto first = open_members.begin() + static_cast<std::ptrdiff_t>(object.first_member);
  if (!std::is_sorted(first, open_members.end())) {
    std::sort(first, open_members.end());
    const std::size_t first_member = members_.size();
    members_.insert(members_.end(), first, open_members.end());
    objects_.push_back({object.begin, end, first_member, members_.size()});
  }
  open_members.erase(first, open_members.end());
}

const MemberOrder::Object* MemberOrder::find(std::size_t offset) const {
  const auto found = std::ranges::lower_bound(objects_, offset, {}, &Object::begin);
  return found != objects_.end() && found->begin == offset ? &*found : nullptr;
}

}  // namespace attestrd
