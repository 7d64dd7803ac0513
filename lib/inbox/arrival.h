#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/result.h"
#include "base/time.h"
#include "files/files.h"

namespace attestrd {

/// A name in the inbox that is not claimed yet.
struct Arrival {
  FileInfo info;
  Mono seen_at{};            ///< When the file was noticed.
  Mono changed_at{};         ///< When the last change of the file was noticed.
  bool is_moved_in = false;  ///< It was renamed into the inbox.
};

/// The file is to be claimed now.
struct ClaimFile {};

/// The file is not complete yet, or not readable yet. It is judged again at `at`, or when it
/// changes.
struct JudgeLater {
  Mono at{};
};

/// The file is moved to refused/.
struct RefuseFile {
  std::string reason;
};

/// The name can't be a submission and can't be moved either.
struct LeaveName {
  std::string reason;
};

using ArrivalVerdict = std::variant<ClaimFile, JudgeLater, RefuseFile, LeaveName>;

/// Judges a name by its attributes. A file that was renamed into the inbox is complete; any other
/// one must have been unchanged for `limits::kSubmissionQuiet`, so that its writer can still reach
/// it by its name (chmod after close, as install(1) and `cp -p` do it). A file that is written all
/// the time is claimed after `limits::kLongestQuietWait`: its lines are read while it grows. A file
/// with a second link has `limits::kUnreadablePatience` to lose it, as link(2) and unlink(2)
/// deliver mail.
ArrivalVerdict judge_arrival(const Arrival& arrival, Mono now);

/// Judges a file that judge_arrival() would claim, and that could not be opened. `name` decides
/// whether an empty file is a request: it is claimed without being read.
ArrivalVerdict judge_unopened(std::string_view name, const Arrival& arrival, const Error& error,
                              Mono now);

/// Judges a file with contents that judge_arrival() would claim, and that was not renamed in. While
/// a process has it open to write, it keeps its name for `limits::kOpenWriterPatience`.
ArrivalVerdict judge_written(const Arrival& arrival, Writers writers, Mono now);

/// Judges an empty file that judge_arrival() would claim. Its name counts, as a request or as none,
/// once nobody can write to the file any more: by a lease, or after `limits::kQuietWithoutLeases`.
/// A request that was renamed in counts at once.
ArrivalVerdict judge_empty(std::string_view name, const Arrival& arrival, Writers writers,
                           Mono now);

}  // namespace attestrd
