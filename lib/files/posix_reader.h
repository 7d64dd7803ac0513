#pragma once

#include <boost/system/result.hpp>

#include <cstddef>
#include <cstdint>
#include <string>

#include "files/posix_calls.h"

namespace attestrd {

/// The reason why a file was not read completely. The caller turns it into an Error, since the
/// meaning of an errno depends on the purpose of the file.
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

/// The kinds of files that a PosixReader opens.
enum class FileKinds : std::uint8_t {
  plain,  ///< Plain files only; never blocks.
  any,    ///< Pipes and devices too; blocks until they deliver.
};

/// A file that is opened by its path and read completely; symbolic links are followed. It is for
/// files that the operator names. Files that other users write are read through a Directory.
class PosixReader {
 public:
  static ReadResult<PosixReader> open(const std::string& path, FileKinds kinds);

  /// Returns the permission bits of the open file.
  mode_t mode() const { return mode_; }
  /// Returns whether the file is on a read-only mount of another file system than that of the root.
  bool is_on_read_only_volume() const;

  /// Reads from the end of the last call to the end of the file. The returned text is the only
  /// copy: all other buffers that held bytes of the file are wiped, so the file may hold a secret.
  ReadResult<std::string> read_all(std::size_t max_bytes);

 private:
  PosixReader(Descriptor descriptor, mode_t mode, std::uint64_t size_bytes)
      : descriptor_(std::move(descriptor)), mode_(mode), size_bytes_(size_bytes) {}

  Descriptor descriptor_;
  mode_t mode_;
  std::uint64_t size_bytes_;  ///< The size when the file was opened; 0 for a pipe.
};

/// Returns the code for an errno that kept a file of the operator from being read: `io_failure` if
/// it may pass, `permission_denied`, or else `invalid_config`.
Errc code_of_unread(int error);

/// Calls PosixReader::open() and read_all().
ReadResult<std::string> read_whole(const std::string& path, FileKinds kinds, std::size_t max_bytes);

}  // namespace attestrd
