#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace attestrd {

/// The id that Attestr gave a handshake, e.g. `DS02zfeuv6n4gkq51hvw6`. It is safe in a path and in
/// a URL by construction: `parse()` is the only way to get one. It is stored inline, so a copy
/// never allocates.
class HandshakeId {
 public:
  static constexpr std::size_t kMaxLength = 64;

  /// Accepts `[A-Za-z0-9_-]{1,64}` and nothing else.
  static std::optional<HandshakeId> parse(std::string_view text);

  std::string_view view() const { return {text_.data(), length_}; }

  friend bool operator==(const HandshakeId& a, const HandshakeId& b) {
    return a.view() == b.view();
  }
  friend auto operator<=>(const HandshakeId& a, const HandshakeId& b) {
    return a.view() <=> b.view();
  }

 private:
  HandshakeId() = default;

  std::array<char, kMaxLength> text_{};
  std::uint8_t length_ = 0;
};

}  // namespace attestrd
