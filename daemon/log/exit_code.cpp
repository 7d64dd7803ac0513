#include "daemon/log/exit_code.h"

#include <fmt/format.h>
#include <sysexits.h>
#include <unistd.h>

#include <cstdio>

#include "base/check.h"
#include "daemon/log/journal.h"

namespace attestrd {

int exit_code(Errc code) {
  switch (code) {
    case Errc::invalid_input: return EX_DATAERR;
    case Errc::invalid_config:
    case Errc::newer_version: return EX_CONFIG;  // A restart does not help.
    case Errc::permission_denied: return EX_NOPERM;
    case Errc::unavailable: return EX_UNAVAILABLE;
    case Errc::not_found:
    case Errc::already_exists:
    case Errc::unsafe_file:
    case Errc::disk_full:
    case Errc::shortage:
    case Errc::io_failure: return EX_IOERR;
  }
  check_failed("an error has an exit code", __FILE__, __LINE__);
}

int exit_with(const Error& error) {
  const auto text = error.message + '\n';
  const auto line = is_journal(STDERR_FILENO) ? with_priority(Level::error, text) : text;
  // The code says what failed, also if the message can't be written.
  static_cast<void>(std::fputs(line.c_str(), stderr));
  return exit_code(error.code);
}

}  // namespace attestrd
