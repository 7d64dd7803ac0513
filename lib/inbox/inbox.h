#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "handshake/handshake.h"
#include "log/notice.h"

namespace attestrd {

/// The good lines of one submission file, or of the part of it that one scan read.
struct InboxSlice {
  std::string file;
  std::vector<Submission> submissions;
};

/// The findings of one scan.
struct InboxScan {
  std::vector<InboxSlice> slices;
  std::vector<Notice> notices;  ///< The refused lines.
  bool has_more = false;        ///< The scan stopped at its bound.
  bool waits = false;           ///< A file may be half written: a later scan reads it.
};

/// The effects of settle() on the files of a scan.
struct InboxSettlement {
  std::vector<Notice> notices;  ///< The refused files.
  bool waits = false;           ///< A file stays: it was changed, or refused/ has no space for it.
};

/// The interface to the inbox, where customers drop submissions; `FolderInbox` implements it.
///
/// Each scan must be followed by settle() or rewind(). The position at which a scan stopped is kept
/// only in memory: a new process reads a half-read file again from its beginning, which is
/// harmless, since an id is accepted only once.
class Inbox {
 public:
  virtual ~Inbox() = default;

  /// Reads at most `max_lines` more lines. Changes nothing in the inbox.
  virtual Result<InboxScan> scan(std::size_t max_lines, Wall now) = 0;

  /// Writes the bad lines of the last scan to refused/, then removes the files that the scan read
  /// to their end. The good lines must be durable before. Never returns `disk_full`: a file stays
  /// in the inbox while the disk has no space for its bad lines.
  virtual Result<InboxSettlement> settle() = 0;

  /// Discards the last scan, of which nothing was kept: the next scan returns the same again.
  virtual void rewind() = 0;
};

}  // namespace attestrd
