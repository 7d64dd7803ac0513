#pragma once

#include <cstddef>
#include <string>

namespace attestrd {

/// Counts the allocations of the thread that makes it, as long as it lives: by malloc and its like,
/// so by `new` and by every library. Those of OpenSSL are counted apart. One at a time a thread.
class AllocationCounter {
 public:
  AllocationCounter();
  ~AllocationCounter();
  AllocationCounter(const AllocationCounter&) = delete;
  AllocationCounter& operator=(const AllocationCounter&) = delete;

  /// All but those of OpenSSL.
  std::size_t count() const;
  std::size_t openssl_count() const;

  /// Where the first of count() came from, a frame a line, for addr2line. Ends the count.
  std::string first_caller() const;
};

}  // namespace attestrd
