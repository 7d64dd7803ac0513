#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace attestrd {

/// In which order an ECMAScript object hands out the members of a text: array indices first, in
/// ascending order, then the others as they stand (ECMA-262, 10.1.11.1). Only the objects whose
/// order that changes are remembered, so a usual text costs nothing.
class MemberOrder {
 public:
  struct Member {
    std::uint32_t index;
    std::size_t offset;  ///< Of the key's opening quote.

    friend auto operator<=>(const Member&, const Member&) = default;
  };

  struct Object {
    std::size_t begin;  ///< The offset of its opening brace.
    std::size_t end;    ///< Of its closing brace.
    std::size_t first_member;
    std::size_t last_member;
  };

  /// `json` is a valid text.
  explicit MemberOrder(std::string_view json);

  /// The object that begins at `offset`, if its members are to be put in order.
  const Object* find(std::size_t offset) const;

  const Member& member(std::size_t i) const { return members_[i]; }

 private:
  struct OpenObject {
    std::size_t begin;
    std::size_t first_member;
  };

  void close(const OpenObject& object, std::size_t end, std::vector<Member>& open_members);

  std::vector<Object> objects_;
  std::vector<Member> members_;
};

}  // namespace attestrd
