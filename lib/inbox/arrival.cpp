#include "inbox/arrival.h"

#include <algorithm>

#include "base/limits.h"
#include "inbox/submission.h"

namespace attestrd {
namespace {

ArrivalVerdict refuse_after(Duration patience, const Arrival& arrival, std::string reason,
                            Mono now) {
  const Mono at = arrival.changed_at + patience;
  if (now < at) return JudgeLater{at};
  return RefuseFile{std::move(reason)};
}

}  // namespace

ArrivalVerdict judge_arrival(const Arrival& arrival, Mono now) {
  const auto& info = arrival.info;
  if (info.kind == FileInfo::Kind::folder) return LeaveName{"it is a folder"};
  if (info.kind == FileInfo::Kind::symlink) return RefuseFile{"it is a symbolic link"};
  if (info.kind != FileInfo::Kind::regular) return RefuseFile{"it is not a plain file"};
  const Mono quiet_at = std::min(arrival.changed_at + limits::kSubmissionQuiet,
                                 arrival.seen_at + limits::kLongestQuietWait);
  if (!arrival.is_moved_in && now < quiet_at) return JudgeLater{quiet_at};
  if (info.links > 1)
    return refuse_after(limits::kUnreadablePatience, arrival, "it has hard links elsewhere", now);
  if (info.size_bytes > limits::kSubmissionFileBytes)
    return RefuseFile{"it is larger than " + std::to_string(limits::kSubmissionFileBytes >> 20) +
                      " MiB"};
  return ClaimFile{};
}

ArrivalVerdict judge_unopened(std::string_view name, const Arrival& arrival, const Error& error,
                              Mono now) {
  const bool is_denied = error.code == Errc::permission_denied;
  // `touch ID` under the umask 077 must do. Who writes lines makes them readable.
  if (is_denied && arrival.info.size_bytes == 0 && request_of_empty_file(name)) return ClaimFile{};
  if (is_denied)
    return refuse_after(limits::kUnreadablePatience, arrival,
                        error.message + ": chmod g+r or o+r makes a file readable to attestrd",
                        now);
  // Another process has a lease on the file, or replaced it since it was inspected; or the process
  // has too many files open.
  if (error.code == Errc::unavailable || error.code == Errc::unsafe_file ||
      error.code == Errc::shortage)
    return JudgeLater{now + limits::kInboxScanInterval};
  return LeaveName{error.message};
}

ArrivalVerdict judge_written(const Arrival& arrival, Writers writers, Mono now) {
  const Mono claimed_at = arrival.seen_at + limits::kOpenWriterPatience;
  if (writers != Writers::some || now >= claimed_at) return ClaimFile{};
  return JudgeLater{std::min(now + limits::kSubmissionQuiet, claimed_at)};
}

ArrivalVerdict judge_empty(std::string_view name, const Arrival& arrival, Writers writers,
                           Mono now) {
  if (writers == Writers::some) return JudgeLater{now + limits::kInboxScanInterval};
  const bool is_request = request_of_empty_file(name).has_value();
  if (is_request && (writers == Writers::none || arrival.is_moved_in)) return ClaimFile{};
  // Without a lease a slow writer, which has written nothing yet, may have the file open.
  const auto patience =
      writers == Writers::none ? Duration::zero() : Duration(limits::kQuietWithoutLeases);
  auto verdict = refuse_after(patience, arrival,
                              "it is empty, and its name is neither an id that starts with DS nor "
                              "an id with .kick after it",
                              now);
  if (is_request && std::holds_alternative<RefuseFile>(verdict)) return ClaimFile{};
  return verdict;
}

}  // namespace attestrd
