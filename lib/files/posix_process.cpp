#include "files/posix_process.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <cinttypes>
#include <cstdio>
#include <memory>

#include "files/posix_calls.h"

namespace attestrd {
namespace {

double seconds_of(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

std::optional<std::uint64_t> limit_of(__rlimit_resource resource) {
  rlimit limit{};
  if (::getrlimit(resource, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return std::nullopt;
  return limit.rlim_cur;
}

/// Counts the names of /proc/self/fd, without the descriptor of the listing itself.
std::optional<std::uint64_t> count_descriptors() {
  const std::unique_ptr<DIR, int (*)(DIR*)> names(::opendir("/proc/self/fd"), ::closedir);
  if (!names) return std::nullopt;
  std::uint64_t count = 0;
  while (const dirent* const entry = ::readdir(names.get())) count += entry->d_name[0] != '.';
  return count - 1;
}

/// Reads the sizes of the memory, which /proc/self/statm has in pages.
void read_memory(ProcessUsage& usage) {
  const Descriptor file(open_at(AT_FDCWD, "/proc/self/statm", O_RDONLY | O_CLOEXEC));
  std::array<char, 128> text{};
  if (::read(file.get(), text.data(), text.size() - 1) <= 0) return;
  std::uint64_t all = 0;
  std::uint64_t resident = 0;
  if (std::sscanf(text.data(), "%" SCNu64 " %" SCNu64, &all, &resident) != 2) return;
  const auto page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  usage.virtual_bytes = all * page;
  usage.resident_bytes = resident * page;
}

}  // namespace

ProcessUsage process_usage() {
  ProcessUsage usage;
  rusage used{};
  if (::getrusage(RUSAGE_SELF, &used) == 0)
    usage.cpu_s = seconds_of(used.ru_utime) + seconds_of(used.ru_stime);
  usage.open_descriptors = count_descriptors();
  usage.most_descriptors = limit_of(RLIMIT_NOFILE);
  usage.most_virtual_bytes = limit_of(RLIMIT_AS);
  read_memory(usage);
  return usage;
}

}  // namespace attestrd
