#pragma once

#include <boost/system/result.hpp>

#include <cstddef>
#include <cstdint>
#include <string>

#include "files/posix_calls.h"

namespace attestrd {

/// Why a file was not read whole. The caller makes an Error of it: what an errno means depends on
/// what the file is for.
struct ReadFault {
  enum class Step : std::uint8_t {
    open,
    inspect,
    kind,  ///< It is not a plain file; `error` is EISDIR for a folder, else ENOTSUP.
    size,  ///< It has more bytes than it may have; `error` is EFBIG.
    read,
  };

  Step step{};
  int error = 0;  ///< An errno.
};

template <class T>
using ReadResult = boost::system::result<T, ReadFault>;

/// Which files a PosixReader opens.
enum class FileKinds : std::uint8_t {
  plain,  ///< Plain files only; never blocks.
  any,    ///< Pipes and devices too; blocks until they deliver.
};

/// A file that is read whole, opened by its path; symbolic links are followed. For files that the
/// operator names. What others write comes through a Directory.
class PosixReader {
 public:
  static ReadResult<PosixReader> open(const std::string& path, FileKinds kinds);

  /// The permission bits of the open file.
  mode_t mode() const { return mode_; }

  /// Reads from where the last call stopped to the end. The text that is returned is the only copy:
  /// whatever else held bytes of the file is wiped, so that it may be a secret.
  ReadResult<std::string> read_all(std::size_t max_bytes);

 private:
  PosixReader(Descriptor descriptor, mode_t mode, std::uint64_t size_bytes)
      : descriptor_(std::move(descriptor)), mode_(mode), size_bytes_(size_bytes) {}

  Descriptor descriptor_;
  mode_t mode_;
  std::uint64_t size_bytes_;  ///< As found when it was opened; 0 for a pipe.
};

/// PosixReader::open() and read_all() in one call.
ReadResult<std::string> read_whole(const std::string& path, FileKinds kinds, std::size_t max_bytes);

}  // namespace attestrd
