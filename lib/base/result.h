#pragma once

#include <boost/system/result.hpp>

#include <stdexcept>
#include <string>
#include <utility>

namespace attestrd {

/// The kind of an error. Code may branch on it; the message beside it is for people.
enum class Errc {
  invalid_input,      ///< External data breaks its format: a submission, a spool file, an id.
  invalid_config,     ///< The configuration, or a file that it names, can't be used as it stands.
  not_found,          ///< A file or a row that was requested by name does not exist.
  already_exists,     ///< A name that must be free is in use.
  unsafe_file,        ///< A link, fifo, device, folder or hard link instead of a plain file.
  permission_denied,  ///< The system refuses: EACCES, EPERM, EROFS, EBUSY.
  disk_full,          ///< ENOSPC, EDQUOT, SQLITE_FULL. Nothing was changed; try again later.
  io_failure,         ///< Any other failure of a file, a folder or the queue. Never retried.
  unavailable,        ///< Another process holds it (a lock), or none answers (the control socket).
  newer_version,      ///< The queue file was written by a newer attestrd.
  shortage,           ///< EMFILE, ENFILE, ENOMEM. Nothing was changed; do less and try again.
};

/// An error. `message` names what failed, where, and what to do about it.
struct Error {
  Errc code{};
  std::string message;
};

/// Throws. It is called by `boost::system::result::value()` on an error, which is a bug, since
/// every caller checks first.
[[noreturn]] inline void throw_exception_from_error(const Error& error,
                                                    const boost::source_location&) {
  throw std::logic_error("unchecked error: " + error.message);
}

template <class T>
using Result = boost::system::result<T, Error>;

inline Error fail(Errc code, std::string message) { return Error{code, std::move(message)}; }

}  // namespace attestrd
