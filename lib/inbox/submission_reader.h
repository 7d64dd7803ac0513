#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "files/files.h"
#include "inbox/inbox.h"

namespace attestrd {

/// A reader of the lines of a file, in memory that does not grow with the file.
class LineReader {
 public:
  /// Reads at most `bytes` of the file, even if it grows.
  LineReader(std::unique_ptr<ReadableFile> file, std::uint64_t bytes)
      : file_(std::move(file)), bytes_left_(bytes) {}

  /// Returns the next line without its line feed, valid until the next call, or nothing at the end.
  /// A line longer than `limits::kSubmissionLineBytes` is cut to one byte more than that, so that
  /// the caller recognises it.
  Result<std::optional<std::string_view>> next();

  /// Returns whether the last line had a line feed. Valid after the end.
  bool is_complete() const { return is_complete_; }

  Result<FileInfo> inspect() { return file_->inspect(); }
  Writers writers() { return file_->writers(); }

  /// Returns the number of bytes of the file that next() has not returned yet.
  std::uint64_t bytes_left() const { return buffer_.size() - position_ + bytes_left_; }

 private:
  Result<bool> fill();
  Result<std::optional<std::string_view>> take_overlong();

  std::unique_ptr<ReadableFile> file_;
  std::uint64_t bytes_left_;
  std::string buffer_;
  std::size_t position_ = 0;
  std::string head_;  ///< The head of a line that was too long.
  bool is_complete_ = true;
};

/// The list of the bad lines of a file and their reasons, as it is written to refused/.
struct Refusal {
  std::string text;
  std::uint64_t lines = 0;
  bool is_partial = false;  ///< The list is not complete: the submission itself must be kept.

  void add(std::uint64_t number, std::string_view reason, std::string_view line);
};

/// A submission file that is being read, by one scan or several.
class SubmissionReader {
 public:
  SubmissionReader(std::string name, const FileInfo& info, std::unique_ptr<ReadableFile> file)
      : name_(std::move(name)), info_(info), lines_(std::move(file), info.size_bytes) {}

  /// Reads until `lines_left` is zero or the file ends. Returns whether the file has ended.
  Result<bool> read(std::size_t& lines_left);

  /// Returns whether the file is unchanged since its reading began. Valid after the end.
  Result<bool> is_unchanged();

  Writers writers() { return lines_.writers(); }

  /// Returns the submissions that were read since the last call.
  InboxSlice take_slice();
  /// Returns the notices of the lines that were read since the last call.
  std::vector<Notice> take_notices();

  const std::string& name() const { return name_; }
  const FileInfo& info() const { return info_; }
  bool is_complete() const { return lines_.is_complete(); }
  const Refusal& refusal() const { return refusal_; }

 private:
  void refuse(std::string_view reason, std::string_view line);
  void sum_up();
  Notice refused_notice(std::string message) const;

  std::string name_;
  FileInfo info_;  ///< The attributes of the file when its reading began.
  LineReader lines_;
  std::uint64_t line_ = 0;
  std::vector<Submission> submissions_;
  std::vector<Notice> notices_;
  Refusal refusal_;
};

}  // namespace attestrd
