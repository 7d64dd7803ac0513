#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "files/files.h"
#include "inbox/inbox.h"

namespace attestrd {

/// The list of the bad lines of a file and their reasons, as it is written to refused/.
struct Refusal {
  std::string text;
  std::uint64_t lines = 0;
  bool is_partial = false;  ///< The list is not complete: the submission itself must be kept.

  void add(std::uint64_t number, std::string_view reason, std::string_view line);
};

/// Reads the lines of a submission file as they come, over many calls. Between two calls it keeps
/// an offset and no buffer, so that a file that is written slowly costs next to no memory.
class SubmissionReader {
 public:
  enum class End : std::uint8_t {
    bound,  ///< The bound of the call was reached.
    file,   ///< The file has no further complete line. `is_over()` says whether bytes are left.
  };

  explicit SubmissionReader(std::string name) : name_(std::move(name)) {}

  /// Reads further lines, at most `lines_left` of them and some 4 MiB. Bytes without a line feed at
  /// the end of the file are a line only if `is_complete`: no process can write to the file any
  /// more. Otherwise they stay for a later call. So does everything from a NUL on: it is what a
  /// file system shows where the writer has reserved space, and not written yet.
  Result<End> read(ReadableFile& file, bool is_complete, std::size_t& lines_left);

  /// Adds a submission that is not a line of the file.
  void add(Submission submission) { submissions_.push_back(std::move(submission)); }
  /// Returns whether the last bytes before offset() are still those that were read: a writer may
  /// have truncated the file and written it anew.
  Result<bool> is_as_read(ReadableFile& file) const;
  /// Reads from the first byte again.
  void restart() { at_ = {}, kept_ = {}, refusal_ = {}; }

  /// Returns the submissions that were read since the last call.
  InboxSlice take_slice();
  /// Returns the notices of the lines that were read since the last call.
  std::vector<Notice> take_notices();
  /// Appends the notice that counts the refused lines without a notice of their own, if there are
  /// any. For the end of the file.
  void sum_up();

  /// keep() makes the present position the one that rewind() goes back to.
  void keep();
  void rewind();

  const std::string& name() const { return name_; }
  std::uint64_t offset() const { return at_.offset; }
  const Refusal& refusal() const { return refusal_; }

 private:
  /// A position in the file. The refusal is a list that only grows, so its length is enough.
  struct Position {
    std::uint64_t offset = 0;  ///< Of the first byte that belongs to no line yet.
    std::uint64_t line = 0;
    std::string last;                     ///< The last bytes before it, at most kLastBytes.
    std::optional<std::string> overlong;  ///< The head of the line that is being skipped.
    std::size_t refusal_bytes = 0;
    std::uint64_t refused_lines = 0;
    bool refusal_is_partial = false;
    bool is_summed_up = false;
  };

  static constexpr std::size_t kLastBytes = 64;

  void advance(std::string_view bytes);
  std::size_t read_lines(std::string_view bytes, std::size_t& lines_left);
  std::size_t read_rest(std::string_view bytes);
  void read_line(std::string_view line);
  void end_overlong();
  void refuse(std::string_view reason, std::string_view line);

  std::string name_;
  Position at_;
  Position kept_;
  std::vector<Submission> submissions_;
  std::vector<Notice> notices_;
  Refusal refusal_;
};

}  // namespace attestrd
