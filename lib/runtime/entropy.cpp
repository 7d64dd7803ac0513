#include "runtime/entropy.h"

#include <random>

namespace attestrd {

std::uint64_t draw_seed() {
  std::random_device device;
  return std::uint64_t{device()} << 32 | device();
}

}  // namespace attestrd
