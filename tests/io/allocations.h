#pragma once

#include <cstddef>
#include <string>

namespace attestrd {

/// Counts what the thread that makes it takes from the heap, as long as it lives: by malloc and
/// its like, so by `new`, by OpenSSL and by whatever else is linked. One at a time a thread.
class AllocationCounter {
 public:
  AllocationCounter();
  ~AllocationCounter();
  AllocationCounter(const AllocationCounter&) = delete;
  AllocationCounter& operator=(const AllocationCounter&) = delete;

  std::size_t count() const;

  /// Where the first one came from, a frame a line, for addr2line. Ends the count.
  std::string first_caller() const;
};

}  // namespace attestrd
