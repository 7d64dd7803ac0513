#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "handshake/handshake_id.h"

namespace attestrd {

/// A compact store of ids. An id is written in 64 letters, so each letter needs six bits. An id of
/// Attestr (21 letters) costs 17 bytes, its length included. The bytes of a removed id are reused
/// for the next id of the same length.
class IdStore {
 public:
  /// The position of an id in the store.
  using Place = std::uint32_t;

  Place add(const HandshakeId& id);
  void remove(Place place);
  HandshakeId at(Place place) const;

 private:
  static constexpr std::size_t kBlockBytes = 64 * 1024;
  using Block = std::array<unsigned char, kBlockBytes>;

  unsigned char* entry(Place place) const;
  Place place_for(std::size_t length);

  std::vector<std::unique_ptr<Block>> blocks_;  ///< [length][six bits a letter]; no entry spans two
  Place end_ = 0;                               ///< The end of the bytes that were ever used.
  std::array<std::vector<Place>, HandshakeId::kMaxLength + 1> vacant_;  ///< By length of the id.
};

}  // namespace attestrd
