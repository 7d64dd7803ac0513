#include "poll/https_tls_memory.h"

#include <malloc.h>
#include <openssl/crypto.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdlib>

namespace attestrd {
namespace {

constexpr std::size_t kSmallBytes = 64;
constexpr std::size_t kKeptBlocks = 8;

// Not a member of what is destroyed when the thread ends: OpenSSL gives back some later.
thread_local bool is_thread_ending = false;

class SpareBlocks {
 public:
  SpareBlocks() = default;
  SpareBlocks(const SpareBlocks&) = delete;
  SpareBlocks& operator=(const SpareBlocks&) = delete;
  ~SpareBlocks() {
    is_thread_ending = true;
    while (count_ > 0) std::free(blocks_[--count_]);
  }

  void* take() { return count_ > 0 ? blocks_[--count_] : nullptr; }
  bool keep(void* block) {
    if (count_ == kKeptBlocks) return false;
    blocks_[count_++] = block;
    return true;
  }

 private:
  std::array<void*, kKeptBlocks> blocks_;
  std::size_t count_ = 0;
};

thread_local SpareBlocks spare_blocks;

/// Any that is not much larger may serve as a small one, wherever it came from.
bool is_small(void* block) {
  const std::size_t bytes = ::malloc_usable_size(block);
  return bytes >= kSmallBytes && bytes < 2 * kSmallBytes;
}

/// CRYPTO_malloc(3): for no bytes there is no block.
void* take(std::size_t bytes, const char*, int) {
  if (bytes == 0) return nullptr;
  if (bytes > kSmallBytes) return std::malloc(bytes);
  void* const block = is_thread_ending ? nullptr : spare_blocks.take();
  return block != nullptr ? block : std::malloc(kSmallBytes);
}

void give_back(void* block, const char*, int) {
  if (block == nullptr) return;
  if (is_thread_ending || !is_small(block) || !spare_blocks.keep(block)) std::free(block);
}

/// CRYPTO_realloc(3): to no bytes means to give it back.
void* resize(void* block, std::size_t bytes, const char* file, int line) {
  if (bytes == 0) {
    give_back(block, file, line);
    return nullptr;
  }
  return std::realloc(block, std::max(bytes, kSmallBytes));
}

}  // namespace

bool keep_small_blocks_for_openssl() {
  return CRYPTO_set_mem_functions(take, resize, give_back) == 1;
}

}  // namespace attestrd
