#include "crypto/secret_memory.h"

#include <openssl/crypto.h>

#include <new>

#include "base/limits.h"

namespace attestrd {

void open_secret_memory() {
  constexpr std::size_t kLeastBlock = 64;
  static_cast<void>(CRYPTO_secure_malloc_init(limits::kSecretMemoryBytes, kLeastBlock));
}

void* allocate_secret(std::size_t bytes) {
  void* memory = nullptr;
  if (CRYPTO_secure_malloc_initialized() == 1 &&
      CRYPTO_secure_used() + bytes <= limits::kOwnSecretMemoryBytes)
    memory = OPENSSL_secure_malloc(bytes);
  if (memory == nullptr) memory = OPENSSL_malloc(bytes);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

void free_secret(void* memory, std::size_t bytes) { OPENSSL_secure_clear_free(memory, bytes); }

}  // namespace attestrd
