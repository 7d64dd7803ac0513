#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "files/files.h"

namespace attestrd {

/// A pass over one folder of the spool, in slices, that removes old records. A file is removed if
/// it is ours, a plain file of one link, has the name of a record and the contents of one, and was
/// not changed since `before`. One with a verified result (`completed`) is never removed: after a
/// conflict of names there may be some in rejected/. Everything else is left alone.
///
/// The removals are not synced: after a power cut the next pass finds the files again.
class Retention {
 public:
  /// `names` are those in the folder.
  Retention(std::unique_ptr<Directory> folder, std::vector<std::string> names, Wall before)
      : folder_(std::move(folder)), names_(std::move(names)), before_(before) {}

  /// Does a slice, which is bounded by limits::k*JudgedPerSlice. Returns whether there is more to
  /// do. Error: the folder is not in its place any more.
  Result<bool> step();

  std::uint64_t removed() const { return removed_; }
  /// Returns how many records could not be removed, and why the first of them could not.
  std::uint64_t failed() const { return failed_; }
  const std::string& failure() const { return failure_; }

 private:
  Result<bool> do_slice();
  bool is_old(const std::string& name);
  bool is_record(const std::string& name);
  void remove(const std::string& name);

  std::unique_ptr<Directory> folder_;
  std::vector<std::string> names_;
  Wall before_;
  std::size_t next_ = 0;
  std::size_t records_judged_ = 0;  ///< In this slice, like the next.
  std::size_t bytes_judged_ = 0;
  std::uint64_t removed_ = 0;
  std::uint64_t failed_ = 0;
  std::string failure_;
};

/// Decides whether our wall clock may judge the age of records: with a clock that is ahead, all
/// would be old.
class RetentionClock {
 public:
  /// Returns whether the last answers of the server confirm our clock: it differs from theirs
  /// (`difference`) by at most limits::kClockDifference, and has not jumped since. Must be called
  /// at intervals of about a second.
  bool is_confirmed(Now now, std::optional<Duration> difference, std::optional<Wall> last_answer);

 private:
  std::optional<Duration> basis_;
  std::optional<Wall> answer_before_jump_;
  Wall confirms_from_ = Wall::min();  ///< An answer that came earlier says nothing of our clock.
};

}  // namespace attestrd
