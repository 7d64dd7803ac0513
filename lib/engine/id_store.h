#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/stable_vector.h"
#include "handshake/handshake_id.h"

namespace attestrd {

/// Keeps ids in few bytes: an id has 64 letters to choose from, so that each takes six bits. One of
/// Attestr's (21 letters) costs 17 bytes, its length among them. What is taken out makes room for
/// the next of its length.
class IdStore {
 public:
  /// Where an id lies.
  using Place = std::uint32_t;

  Place add(const HandshakeId& id);
  void remove(Place place);
  HandshakeId at(Place place) const;

 private:
  static constexpr std::size_t kBlockBytes = 64 * 1024;

  const unsigned char* entry(Place place) const;
  Place take(std::size_t length);

  struct Block {
    std::array<unsigned char, kBlockBytes> bytes;
  };
  StableVector<Block, 1> blocks_;  // [length][six bits a letter], none across two blocks
  Place end_ = 0;
  std::array<std::vector<Place>, HandshakeId::kMaxLength + 1> vacant_;
};

}  // namespace attestrd
