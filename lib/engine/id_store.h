#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "handshake/handshake_id.h"

namespace attestrd {

/// Keeps ids in few bytes: an id is spelled with 64 letters, so that each needs six bits. One of
/// Attestr's (21 letters) costs 17 bytes, its length included. The bytes of an id that was removed
/// are reused for the next one of its length.
class IdStore {
 public:
  /// Where an id lies.
  using Place = std::uint32_t;

  Place add(const HandshakeId& id);
  void remove(Place place);
  HandshakeId at(Place place) const;

 private:
  static constexpr std::size_t kBlockBytes = 64 * 1024;
  using Block = std::array<unsigned char, kBlockBytes>;

  unsigned char* entry(Place place) const;
  Place place_for(std::size_t length);

  std::vector<std::unique_ptr<Block>> blocks_;  ///< [length][six bits a letter], none across two
  Place end_ = 0;                               ///< Of the bytes that were ever used.
  std::array<std::vector<Place>, HandshakeId::kMaxLength + 1> vacant_;  ///< By length.
};

}  // namespace attestrd
