#include "files/posix_process.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstddef>
#include <vector>

#include "files/posix_calls.h"

namespace attestrd {
namespace {

TEST(PosixProcess, CountsTheOpenDescriptors) {
  const auto before = process_usage().open_descriptors.value();
  {
    const Descriptor one(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    EXPECT_EQ(process_usage().open_descriptors, before + 1);
  }
  EXPECT_EQ(process_usage().open_descriptors, before);
}

TEST(PosixProcess, KnowsItsLimits) {
  rlimit files{};
  rlimit memory{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &files), 0);
  ASSERT_EQ(::getrlimit(RLIMIT_AS, &memory), 0);
  EXPECT_EQ(process_usage().most_descriptors, files.rlim_cur);
  EXPECT_EQ(process_usage().most_virtual_bytes.has_value(), memory.rlim_cur != RLIM_INFINITY);
}

TEST(PosixProcess, TheMemoryInUseGrowsWithWhatIsWritten) {
  constexpr std::size_t kBytes = std::size_t{32} << 20;
  const auto before = process_usage();
  const std::vector<char> block(kBytes, 'x');
  const auto after = process_usage();
  EXPECT_GE(*after.resident_bytes, *before.resident_bytes + kBytes / 2) << block.size();
  EXPECT_GE(*after.virtual_bytes, *after.resident_bytes);
}

TEST(PosixProcess, TheCpuTimeGrows) {
  const double before = process_usage().cpu_s;
  double now = before;
  while (now < before + 0.01) now = process_usage().cpu_s;
  EXPECT_GT(now, 0);
}

}  // namespace
}  // namespace attestrd
