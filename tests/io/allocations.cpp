#include "io/allocations.h"

#include <execinfo.h>
#include <openssl/crypto.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdlib>

#include "base/check.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define ATTESTRD_HEAP_IS_SANITIZED
// Declared in <sanitizer/allocator_interface.h>, which g++ 12 does not ship.
extern "C" int __sanitizer_install_malloc_and_free_hooks(void (*malloc_hook)(const volatile void*,
                                                                             std::size_t),
                                                         void (*free_hook)(const volatile void*));
#endif

namespace attestrd {
namespace {

constexpr int kFrames = 24;

thread_local bool is_counting = false;
thread_local bool is_in_openssl = false;
thread_local std::size_t allocations = 0;
thread_local std::size_t openssl_allocations = 0;
thread_local std::array<void*, kFrames> first_frames;
thread_local int first_depth = 0;

void note_allocation() {
  if (!is_counting) return;
  if (is_in_openssl) {
    ++openssl_allocations;
    return;
  }
  is_counting = false;  // The stack walk itself allocates.
  if (allocations++ == 0) first_depth = backtrace(first_frames.data(), kFrames);
  is_counting = true;
}

#ifdef ATTESTRD_HEAP_IS_SANITIZED
const int hooks_are_there = __sanitizer_install_malloc_and_free_hooks(
    [](const volatile void*, std::size_t) { note_allocation(); }, [](const volatile void*) {});
#endif

void* allocate_for_openssl(std::size_t bytes, const char*, int) {
  is_in_openssl = true;
  void* const block = bytes == 0 ? nullptr : std::malloc(bytes);
  is_in_openssl = false;
  return block;
}

void free_for_openssl(void* block, const char*, int) { std::free(block); }

void* resize_for_openssl(void* block, std::size_t bytes, const char* file, int line) {
  if (bytes == 0) {
    free_for_openssl(block, file, line);
    return nullptr;
  }
  is_in_openssl = true;
  block = std::realloc(block, bytes);
  is_in_openssl = false;
  return block;
}

// Set before main(): OpenSSL accepts them only before its first allocation.
const bool sees_openssl =
    CRYPTO_set_mem_functions(allocate_for_openssl, resize_for_openssl, free_for_openssl) == 1;

}  // namespace

AllocationCounter::AllocationCounter() {
  ATTESTRD_CHECK(sees_openssl);
  backtrace(first_frames.data(), kFrames);  // The first call in a process loads a library.
  allocations = 0;
  openssl_allocations = 0;
  first_depth = 0;
  is_counting = true;
}

AllocationCounter::~AllocationCounter() { is_counting = false; }

std::size_t AllocationCounter::count() const { return allocations; }

std::size_t AllocationCounter::openssl_count() const { return openssl_allocations; }

std::string AllocationCounter::first_caller() const {
  is_counting = false;
  char** const names = backtrace_symbols(first_frames.data(), first_depth);
  std::string lines;
  for (int i = 0; i < first_depth; ++i) (lines += names[i]) += '\n';
  std::free(names);
  return lines;
}

}  // namespace attestrd

#ifndef ATTESTRD_HEAP_IS_SANITIZED
// Replaces the allocation functions of the C library for everything that is linked. Its `free`
// accepts the blocks that they return.

extern "C" {

void* __libc_malloc(std::size_t size);
void* __libc_calloc(std::size_t count, std::size_t size);
void* __libc_realloc(void* block, std::size_t size);
void* __libc_memalign(std::size_t alignment, std::size_t size);

void* malloc(std::size_t size) {
  attestrd::note_allocation();
  return __libc_malloc(size);
}

void* calloc(std::size_t count, std::size_t size) {
  attestrd::note_allocation();
  return __libc_calloc(count, size);
}

void* realloc(void* block, std::size_t size) {
  attestrd::note_allocation();
  return __libc_realloc(block, size);
}

void* memalign(std::size_t alignment, std::size_t size) {
  attestrd::note_allocation();
  return __libc_memalign(alignment, size);
}

void* aligned_alloc(std::size_t alignment, std::size_t size) { return memalign(alignment, size); }

int posix_memalign(void** block, std::size_t alignment, std::size_t size) {
  *block = memalign(alignment, size);
  return *block != nullptr ? 0 : ENOMEM;
}

}  // extern "C"
#endif
