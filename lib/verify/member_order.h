#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace attestrd {

/// The order in which an ECMAScript object enumerates the members of a JSON text: array indices
/// first, in ascending order, then the others in the order of the text (ECMA-262, 10.1.11.1). Only
/// objects whose order differs from that of the text are stored, so a usual text needs no memory.
class MemberOrder {
 public:
  struct Member {
    std::uint32_t index;
    std::size_t offset;  ///< The offset of the key's opening quote.

    friend auto operator<=>(const Member&, const Member&) = default;
  };

  struct Object {
    std::size_t begin;  ///< The offset of its opening brace.
    std::size_t end;    ///< The offset of its closing brace.
    std::size_t first_member;
    std::size_t last_member;
  };

  /// Computes the order. `json` must be a valid JSON text.
  explicit MemberOrder(std::string_view json);

  /// Returns the object that begins at `offset` if its members have to be reordered, or null.
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
