#include "inbox/submission_reader.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "base/escape.h"
#include "base/limits.h"
#include "inbox/submission.h"

namespace attestrd {
namespace {

constexpr std::size_t kChunkBytes = 64 * 1024;

/// The number of bytes that are returned of a line that is too long.
constexpr std::size_t kShownBytes = limits::kSubmissionLineBytes + 1;

}  // namespace

/// Drops the lines that were returned and reads more. Returns false at the end of the file.
Result<bool> LineReader::fill() {
  buffer_.erase(0, std::exchange(position_, 0));
  const std::size_t kept = buffer_.size();
  buffer_.resize(kept + std::min<std::uint64_t>(kChunkBytes, bytes_left_));
  const auto count = file_->read({buffer_.data() + kept, buffer_.size() - kept});
  buffer_.resize(kept + (count ? *count : 0));
  if (!count) return count.error();
  bytes_left_ -= *count;
  return *count > 0;
}

Result<std::optional<std::string_view>> LineReader::next() {
  std::size_t searched = 0;
  for (;;) {
    const auto end = buffer_.find('\n', position_ + searched);
    if (end != std::string::npos) {
      const auto line = std::string_view(buffer_).substr(position_, end - position_);
      position_ = end + 1;
      return line.substr(0, kShownBytes);
    }
    searched = buffer_.size() - position_;
    if (searched >= kShownBytes) return take_overlong();
    const auto more = fill();
    if (!more) return more.error();
    if (*more) continue;
    if (buffer_.empty()) return std::nullopt;
    is_complete_ = false;
    position_ = buffer_.size();
    return buffer_;
  }
}

/// Returns the head of a line whose end is not in the buffer, and skips the rest of the line.
Result<std::optional<std::string_view>> LineReader::take_overlong() {
  head_ = buffer_.substr(position_, kShownBytes);
  for (;;) {
    position_ = buffer_.size();
    const auto more = fill();
    if (!more) return more.error();
    is_complete_ = *more;
    if (!*more) return head_;
    const auto end = buffer_.find('\n');
    if (end == std::string::npos) continue;
    position_ = end + 1;
    return head_;
  }
}

void Refusal::add(std::uint64_t number, std::string_view reason, std::string_view line) {
  ++lines;
  if (line.size() > limits::kSubmissionLineBytes) is_partial = true;
  if (text.size() >= limits::kRefusalBytes) {
    is_partial = true;
    return;
  }
  text += "line " + std::to_string(number) + ": " + std::string(reason) + ": ";
  append_escaped(text, line, kPrintableEscapes);
  text += '\n';
}

Result<bool> SubmissionReader::read(std::size_t& lines_left) {
  // An id from Attestr and its line feed have 22 bytes.
  submissions_.reserve(std::min<std::uint64_t>(lines_left, lines_.bytes_left() / 16 + 1));
  while (lines_left > 0) {
    const auto next = lines_.next();
    if (!next) return next.error();
    if (!*next) {
      sum_up();
      return true;
    }
    const std::string_view line = **next;
    ++line_;
    --lines_left;
    auto said = read_submission_line(line);
    if (auto* const submission = std::get_if<Submission>(&said))
      submissions_.push_back(std::move(*submission));
    else if (const auto* const bad = std::get_if<BadLine>(&said))
      refuse(bad->reason, line);
  }
  return false;
}

Result<bool> SubmissionReader::is_unchanged() {
  const auto now = lines_.inspect();
  if (!now) return now.error();
  return *now == info_;
}

InboxSlice SubmissionReader::take_slice() { return {name_, std::exchange(submissions_, {})}; }

std::vector<Notice> SubmissionReader::take_notices() { return std::exchange(notices_, {}); }

void SubmissionReader::refuse(std::string_view reason, std::string_view line) {
  refusal_.add(line_, reason, line);
  if (refusal_.lines > limits::kNoticesPerFile) return;
  notices_.push_back(refused_notice("a line of a submission is refused"));
  notices_.back().line = line_;
  notices_.back().reason = reason;
}

void SubmissionReader::sum_up() {
  if (refusal_.lines <= limits::kNoticesPerFile) return;
  notices_.push_back(refused_notice("more lines of a submission are refused"));
  notices_.back().count = refusal_.lines - limits::kNoticesPerFile;
}

Notice SubmissionReader::refused_notice(std::string message) const {
  Notice notice(Event::inbox_refused, std::move(message));
  notice.file = name_;
  return notice;
}

}  // namespace attestrd
