#include "spool/posix_record_count.h"

#include <algorithm>

#include "spool/posix_record_names.h"

namespace attestrd {

Result<std::uint64_t> count_records(const std::string& folder, std::uint64_t most) {
  constexpr std::uint64_t kAtOnce = 1024;
  const auto names = RecordNames::open(folder);
  if (!names) return names.error();
  std::uint64_t count = 0;
  while (count < most && !(*names)->is_at_end()) {
    const auto some = (*names)->next(std::min(most - count, kAtOnce));
    if (!some) return some.error();
    count += some->size();
  }
  return count;
}

}  // namespace attestrd
