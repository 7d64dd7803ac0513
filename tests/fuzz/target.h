#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"  // A violated property fails an ATTESTRD_CHECK.
#include "base/prng.h"

/// Runs the target on one input. Called by libFuzzer or replay.cpp. Returns 0 or ends the process.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace attestrd::fuzz {

inline std::string_view text_of(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

/// Returns a random generator seeded by the input alone. So an input contains only bytes that an
/// outsider can send, and still has the same effect each time.
inline Prng luck_of(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325;  // FNV-1a
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return Prng(hash);
}

/// Returns a number in [least, most], nearly uniform.
inline std::size_t drawn(Prng& luck, std::size_t least, std::size_t most) {
  return least + static_cast<std::size_t>(luck.next() % (most - least + 1));
}

}  // namespace attestrd::fuzz
