#pragma once

#include <cstddef>
#include <vector>

namespace attestrd {

/// Opens the memory for secrets, which is not part of core files and, as far as RLIMIT_MEMLOCK
/// allows, is not swapped out. OpenSSL keeps keys there too. To be called once, before the first
/// secret is read; without it secrets lie in ordinary memory.
void open_secret_memory();

/// Allocates memory for secrets; ordinary memory once `limits::kOwnSecretMemoryBytes` are in use.
/// Throws std::bad_alloc.
void* allocate_secret(std::size_t bytes);

/// Wipes the memory and frees it.
void free_secret(void* memory, std::size_t bytes);

/// An allocator for containers of secrets.
template <class T>
struct SecretAllocator {
  using value_type = T;

  SecretAllocator() = default;
  template <class Other>
  explicit SecretAllocator(const SecretAllocator<Other>&) {}

  T* allocate(std::size_t count) { return static_cast<T*>(allocate_secret(count * sizeof(T))); }
  void deallocate(T* memory, std::size_t count) { free_secret(memory, count * sizeof(T)); }

  friend bool operator==(const SecretAllocator&, const SecretAllocator&) { return true; }
};

/// Bytes of a secret. A move leaves no copy, and memory that is freed is wiped before.
using SecretBytes = std::vector<char, SecretAllocator<char>>;

}  // namespace attestrd
