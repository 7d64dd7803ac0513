#pragma once

#include <cstddef>
#include <string>

namespace attestrd {

/// A counter of the allocations of the thread that constructs it, during its lifetime: by malloc
/// and related functions, and so by `new` and by every library. Allocations of OpenSSL are counted
/// apart. At most one per thread exists at a time.
class AllocationCounter {
 public:
  AllocationCounter();
  ~AllocationCounter();
  AllocationCounter(const AllocationCounter&) = delete;
  AllocationCounter& operator=(const AllocationCounter&) = delete;

  /// Returns the allocations except those of OpenSSL.
  std::size_t count() const;
  std::size_t openssl_count() const;

  /// Returns the stack of the first allocation in count(), a frame per line, for addr2line. Ends
  /// the count.
  std::string first_caller() const;
};

}  // namespace attestrd
