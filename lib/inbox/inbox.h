#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "handshake/handshake.h"
#include "log/notice.h"

namespace attestrd {

/// The good lines of one submission file, or of the part of it that was read in one scan.
struct InboxSlice {
  std::string file;
  std::vector<Submission> submissions;
};

/// The findings of one scan.
struct InboxScan {
  std::vector<InboxSlice> slices;
  std::vector<Notice> notices;  ///< Which lines are refused.
  bool has_more = false;        ///< The scan stopped at its bound.
  bool waits = false;           ///< A file may be half written: a later scan reads it.
};

/// What settle() did with the files of a scan.
struct InboxSettlement {
  std::vector<Notice> notices;  ///< Which files are refused.
  bool waits = false;           ///< A file stays: it was written to, or refused/ had no place.
};

/// The inbox, where customers drop submissions; `FolderInbox` implements it.
///
/// Each scan is followed by settle() or rewind(). The place where a scan stopped is kept in memory
/// alone: a new process reads a half-read file again from its beginning, which is harmless, since
/// an id is accepted once.
class Inbox {
 public:
  virtual ~Inbox() = default;

  /// Reads on, at most `max_lines`. Changes nothing in the inbox.
  virtual Result<InboxScan> scan(std::size_t max_lines, Wall now) = 0;

  /// The good lines of the last scan are durable: writes its bad lines to refused/, and then
  /// removes the files that it read to their end. Never `disk_full`: a file whose lines find no
  /// room waits in the inbox.
  virtual Result<InboxSettlement> settle() = 0;

  /// Nothing of the last scan was kept: the next one gives it again.
  virtual void rewind() = 0;
};

}  // namespace attestrd
