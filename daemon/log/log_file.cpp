#include "daemon/log/log_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "files/posix_reader.h"

namespace attestrd {

Result<Descriptor> open_log(const std::filesystem::path& file) {
  // O_NONBLOCK: the open of a fifo without a reader fails instead of waiting for one.
  constexpr int kFlags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
  constexpr mode_t kMode = 0640;
  Descriptor opened(file.empty() ? ::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0)
                                 : open_at(AT_FDCWD, file.string(), kFlags, kMode));
  if (opened.get() >= 0) return opened;
  const int error = errno;
  return fail(code_of_unread(error), fmt::format("{}: can't be opened: {} (log.file)",
                                                 file.empty() ? "stdout" : file.string(),
                                                 std::generic_category().message(error)));
}

}  // namespace attestrd
