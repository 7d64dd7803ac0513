#include "files/posix_reader.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace attestrd {
namespace {

using Step = ReadFault::Step;

constexpr std::size_t kLeastBytes = 4096;

void wipe(std::string& bytes) { ::explicit_bzero(bytes.data(), bytes.size()); }

/// Doubles the buffer, up to `most_bytes`, without leaving a copy behind.
void grow(std::string& bytes, std::size_t most_bytes) {
  std::string larger(std::min(2 * bytes.size(), most_bytes), '\0');
  std::copy(bytes.begin(), bytes.end(), larger.begin());
  wipe(bytes);
  bytes = std::move(larger);
}

ReadFault failed(Step step, int error, std::string& bytes) {
  wipe(bytes);
  return {step, error};
}

}  // namespace

ReadResult<PosixReader> PosixReader::open(const std::string& path, FileKinds kinds) {
  // Without O_NONBLOCK the open of a fifo waits for its writer.
  const int flags = O_RDONLY | O_CLOEXEC | (kinds == FileKinds::plain ? O_NONBLOCK : 0);
  Descriptor file(open_at(AT_FDCWD, path, flags));
  if (file.get() < 0) return ReadFault{Step::open, errno};
  struct stat info {};
  if (::fstat(file.get(), &info) != 0) return ReadFault{Step::inspect, errno};
  const bool is_plain = S_ISREG(info.st_mode);
  if (!is_plain && kinds == FileKinds::plain)
    return ReadFault{Step::kind, S_ISDIR(info.st_mode) ? EISDIR : ENOTSUP};
  const auto size_bytes = is_plain ? static_cast<std::uint64_t>(info.st_size) : 0;
  return PosixReader(std::move(file), info.st_mode & 07777, size_bytes);
}

bool PosixReader::is_on_read_only_volume() const {
  struct statvfs mount {};
  struct stat file {
  }, root{};
  return ::fstatvfs(descriptor_.get(), &mount) == 0 && (mount.f_flag & ST_RDONLY) != 0 &&
         ::fstat(descriptor_.get(), &file) == 0 && ::stat("/", &root) == 0 &&
         file.st_dev != root.st_dev;
}

ReadResult<std::string> PosixReader::read_all(std::size_t max_bytes) {
  // A file that is too large is refused by its size: a sparse one may have terabytes.
  if (size_bytes_ > max_bytes) return ReadFault{Step::size, EFBIG};
  // The buffer is one byte larger than expected, so that the end is found without growing it.
  const auto expected = static_cast<std::size_t>(size_bytes_);
  std::string bytes(std::max(expected + 1, kLeastBytes), '\0');
  std::size_t length = 0;
  for (;;) {
    const ssize_t count = ::read(descriptor_.get(), bytes.data() + length, bytes.size() - length);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return failed(Step::read, errno, bytes);
    if (count == 0) break;
    length += static_cast<std::size_t>(count);
    if (length > max_bytes) return failed(Step::size, EFBIG, bytes);
    if (length == bytes.size()) grow(bytes, max_bytes + 1);
  }
  bytes.resize(length);
  return bytes;
}

Errc code_of_unread(int error) {
  if (may_pass(error)) return Errc::io_failure;
  return error == EACCES || error == EPERM ? Errc::permission_denied : Errc::invalid_config;
}

ReadResult<std::string> read_whole(const std::string& path, FileKinds kinds,
                                   std::size_t max_bytes) {
  auto reader = PosixReader::open(path, kinds);
  if (!reader) return reader.error();
  return reader->read_all(max_bytes);
}

}  // namespace attestrd
