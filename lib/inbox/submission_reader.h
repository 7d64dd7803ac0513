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

/// The lines of a file, in a piece of memory that does not grow with it.
class LineReader {
 public:
  /// Reads no more than `bytes`, however fast the file may grow.
  LineReader(std::unique_ptr<ReadableFile> file, std::uint64_t bytes)
      : file_(std::move(file)), bytes_left_(bytes) {}

  /// The next line without its line feed, valid until the next call; nothing: the end. Of a line
  /// longer than `limits::kSubmissionLineBytes` one byte more than that, so that it shows.
  Result<std::optional<std::string_view>> next();

  /// After the end: whether the last line had its line feed.
  bool is_complete() const { return is_complete_; }

  Result<FileInfo> inspect() { return file_->inspect(); }
  Writers writers() { return file_->writers(); }

  /// Of the file, not given out yet.
  std::uint64_t bytes_left() const { return buffer_.size() - position_ + bytes_left_; }

 private:
  Result<bool> fill();
  Result<std::optional<std::string_view>> take_overlong();

  std::unique_ptr<ReadableFile> file_;
  std::uint64_t bytes_left_;
  std::string buffer_;
  std::size_t position_ = 0;
  std::string head_;  ///< Of a line that was too long.
  bool is_complete_ = true;
};

/// What is wrong with the lines of a file, in the words that go to refused/.
struct Refusal {
  std::string text;
  std::uint64_t lines = 0;
  bool is_partial = false;  ///< It does not tell all: the submission itself must be kept.

  void add(std::uint64_t number, std::string_view reason, std::string_view line);
};

/// A submission file that is being read, over as many scans as it takes.
class SubmissionReader {
 public:
  SubmissionReader(std::string name, const FileInfo& info, std::unique_ptr<ReadableFile> file)
      : name_(std::move(name)), info_(info), lines_(std::move(file), info.size_bytes) {}

  /// Reads on until `lines_left` is zero or the file is over, which it returns.
  Result<bool> read(std::size_t& lines_left);

  /// After the end: whether the file is now as it was at the beginning.
  Result<bool> is_unchanged();

  Writers writers() { return lines_.writers(); }

  /// What was read since the last call.
  InboxSlice take_slice();
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
  FileInfo info_;  ///< As it was at the beginning.
  LineReader lines_;
  std::uint64_t line_ = 0;
  std::vector<Submission> submissions_;
  std::vector<Notice> notices_;
  Refusal refusal_;
};

}  // namespace attestrd
