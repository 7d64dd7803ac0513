#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "base/time.h"

namespace attestrd {

/// The records in a folder.
struct RecordSurvey {
  std::uint64_t records = 0;
  std::string oldest;             ///< The name of the oldest record; empty: there is none.
  std::optional<Wall> oldest_at;  ///< When it was written.
};

/// Counts the records in a folder and finds the oldest. While the oldest record of the survey
/// before is still there, the times of other files are not read, so that a growing folder without a
/// consumer costs only a read of its names. A survey takes seconds for a million files; it ends
/// early with `unavailable` once `is_stopped`. May be called on any thread.
Result<RecordSurvey> survey_records(const std::string& folder, const RecordSurvey& before,
                                    const std::atomic<bool>& is_stopped);

/// Returns the bytes that this user can still write to the file system of a path, or nothing if it
/// gives no answer. It may block. May be called on any thread.
std::optional<std::uint64_t> free_bytes(const std::string& path);

}  // namespace attestrd
