#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"  // A promise that does not hold is an ATTESTRD_CHECK that fails.
#include "base/prng.h"

/// What libFuzzer, or replay.cpp, calls with each input. It returns 0 or ends the process.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace attestrd::fuzz {

inline std::string_view text_of(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

/// Luck that follows from the input alone, so that an input needs to hold nothing but what a
/// stranger would send, and still does the same each time.
inline Prng luck_of(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325;  // FNV-1a
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return Prng(hash);
}

/// Uniform enough in [least, most].
inline std::size_t drawn(Prng& luck, std::size_t least, std::size_t most) {
  return least + static_cast<std::size_t>(luck.next() % (most - least + 1));
}

}  // namespace attestrd::fuzz
