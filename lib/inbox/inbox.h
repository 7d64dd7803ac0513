#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "handshake/handshake.h"
#include "log/notice.h"

namespace attestrd {

/// A change that the system reported. It is a hint: a full scan finds every change without it.
struct InboxEvent {
  enum class Kind : std::uint8_t {
    moved_in,  ///< A file was renamed into the inbox, so its writer has finished it.
    changed,   ///< A file in the inbox was created, written, closed, or its attributes changed.
    claimed,   ///< A claimed file was written or closed.
  };

  Kind kind{};
  std::string name;
};

/// The order to scan the inbox.
struct ScanRequest {
  /// Whether all names are listed, or only those that events name and those that are due.
  bool is_full = true;
  std::vector<InboxEvent> events;  ///< At most `limits::kInboxEvents`; more make the scan full.

  void join(ScanRequest later);
};

/// The good lines of one submission file, or of the part of it that one scan read.
struct InboxSlice {
  std::string file;
  std::vector<Submission> submissions;
};

/// The findings of one scan.
struct InboxScan {
  std::vector<InboxSlice> slices;
  std::vector<HandshakeId> kicks;  ///< The handshakes that files `ID.kick` ask to poll now.
  std::vector<Notice> notices;     ///< The refused lines.
  bool has_more = false;           ///< The scan stopped at its bound.
};

/// The numbers of files that are not taken in completely.
struct InboxFiles {
  std::size_t unclaimed = 0;  ///< In the inbox itself: not complete yet, or left alone.
  std::size_t claimed = 0;    ///< In `.claimed`: a process may still write to them.
};

/// The effects of settle() on the files of a scan.
struct InboxSettlement {
  std::vector<Notice> notices;  ///< The refused files.
  /// A file may bring further ids: one that is still written, or not claimed yet. Names that are
  /// left alone do not count.
  bool waits = false;
  std::optional<Duration> next_due;  ///< From the time of the scan until a file is due.
  InboxFiles files;
};

/// The interface to the inbox, where customers drop submissions; `FolderInbox` implements it.
///
/// Each scan must be followed by settle() or rewind(). The position at which a scan stopped is kept
/// only in memory: a new process reads a half-read file again from its beginning, which is
/// harmless, since an id is accepted only once.
class Inbox {
 public:
  virtual ~Inbox() = default;

  /// Claims files and reads at most `max_lines` more lines. `now` is the time of the scan itself: a
  /// request may have waited for the disk or the queue, and files that are seen first must not seem
  /// as old as the request. After an error nothing was read: `disk_full` may be tried again, with
  /// the same request.
  virtual Result<InboxScan> scan(ScanRequest request, Mono now, std::size_t max_lines) = 0;

  /// Writes the bad lines of finished files to refused/, then removes the files that the scan read
  /// to their end. The good lines must be durable before. Never returns `disk_full`: a file stays
  /// while the disk has no space for its bad lines.
  virtual Result<InboxSettlement> settle() = 0;

  /// Discards the last scan, of which nothing was kept: the next scan returns the same again.
  virtual void rewind() = 0;
};

}  // namespace attestrd
