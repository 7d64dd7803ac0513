#include "inbox/submission_reader.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "base/escape.h"
#include "base/limits.h"
#include "inbox/refused_notice.h"
#include "inbox/submission.h"

namespace attestrd {
namespace {

constexpr std::size_t kChunkBytes = 64 * 1024;
// The most that one call reads without a line feed, so that a writer that never writes one delays
// no other file.
constexpr std::size_t kBytesPerCall = std::size_t{4} << 20;

// The length to which a line is cut in messages. It is longer than any valid line, so that a line
// of this length is recognised as too long.
constexpr std::size_t kShownBytes = limits::kSubmissionLineBytes + 1;

}  // namespace

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

Result<SubmissionReader::End> SubmissionReader::read(ReadableFile& file, bool is_complete,
                                                     std::size_t& lines_left) {
  std::string buffer(kChunkBytes, '\0');
  std::size_t filled = 0;  // From the offset on.
  for (std::size_t bytes = 0; lines_left > 0 && bytes < kBytesPerCall;) {
    const auto count = file.read(at_.offset + filled, std::span(buffer).subspan(filled));
    if (!count) return count.error();
    if (*count == 0) {
      if (is_complete) lines_left -= read_rest(std::string_view(buffer).substr(0, filled));
      return End::file;
    }
    const auto fresh = std::string_view(buffer).substr(filled, *count);
    const auto written = is_complete ? *count : std::min(fresh.find('\0'), *count);
    bytes += written;
    filled += written;
    const std::size_t read = read_lines(std::string_view(buffer).substr(0, filled), lines_left);
    advance(std::string_view(buffer).substr(0, read));
    filled -= read;
    std::copy_n(buffer.begin() + static_cast<std::ptrdiff_t>(read), filled, buffer.begin());
    if (written < *count) return lines_left > 0 ? End::file : End::bound;
  }
  return End::bound;
}

/// Moves the position behind bytes that were read.
void SubmissionReader::advance(std::string_view bytes) {
  at_.offset += bytes.size();
  at_.last += bytes.substr(bytes.size() - std::min(bytes.size(), kLastBytes));
  if (at_.last.size() > kLastBytes) at_.last.erase(0, at_.last.size() - kLastBytes);
}

Result<bool> SubmissionReader::is_as_read(ReadableFile& file) const {
  std::string there(at_.last.size(), '\0');
  std::size_t filled = 0;
  while (filled < there.size()) {
    const auto count =
        file.read(at_.offset - there.size() + filled, std::span(there).subspan(filled));
    if (!count) return count.error();
    if (*count == 0) return false;
    filled += *count;
  }
  return there == at_.last;
}

/// Reads the complete lines. Returns the number of bytes that belong to them, or to the skipped
/// part of a line that is too long.
std::size_t SubmissionReader::read_lines(std::string_view bytes, std::size_t& lines_left) {
  std::size_t read = 0;
  while (lines_left > 0) {
    const auto rest = bytes.substr(read);
    const auto end = rest.find('\n');
    if (end == std::string_view::npos && rest.size() < kShownBytes && !at_.overlong) break;
    if (end == std::string_view::npos) {
      if (!at_.overlong) at_.overlong = rest.substr(0, kShownBytes);
      return bytes.size();
    }
    if (at_.overlong)
      end_overlong();
    else
      read_line(rest.substr(0, std::min(end, kShownBytes)));
    read += end + 1;
    --lines_left;
  }
  return read;
}

/// Reads the bytes after the last line feed. Returns the number of lines, 0 or 1.
std::size_t SubmissionReader::read_rest(std::string_view bytes) {
  if (!at_.overlong && bytes.empty()) return 0;
  if (at_.overlong)
    end_overlong();
  else
    read_line(bytes);
  advance(bytes);
  return 1;
}

void SubmissionReader::read_line(std::string_view line) {
  ++at_.line;
  auto meaning = read_submission_line(line);
  if (auto* const submission = std::get_if<Submission>(&meaning))
    submissions_.push_back(std::move(*submission));
  else if (const auto* const bad = std::get_if<BadLine>(&meaning))
    refuse(bad->reason, line);
}

void SubmissionReader::end_overlong() {
  const auto line = *std::exchange(at_.overlong, std::nullopt);
  read_line(line);
}

InboxSlice SubmissionReader::take_slice() { return {name_, std::exchange(submissions_, {})}; }

std::vector<Notice> SubmissionReader::take_notices() { return std::exchange(notices_, {}); }

void SubmissionReader::refuse(std::string_view reason, std::string_view line) {
  refusal_.add(at_.line, reason, line);
  at_.refusal_bytes = refusal_.text.size();
  at_.refused_lines = refusal_.lines;
  at_.refusal_is_partial = refusal_.is_partial;
  if (refusal_.lines > limits::kNoticesPerFile) return;
  notices_.push_back(
      refused_notice(name_, std::string(reason), "a line of a submission is refused"));
  notices_.back().line = at_.line;
}

void SubmissionReader::sum_up() {
  if (refusal_.lines <= limits::kNoticesPerFile || at_.is_summed_up) return;
  at_.is_summed_up = true;
  notices_.push_back(refused_notice(name_, {}, "more lines of a submission are refused"));
  notices_.back().count = refusal_.lines - limits::kNoticesPerFile;
}

void SubmissionReader::keep() { kept_ = at_; }

void SubmissionReader::rewind() {
  at_ = kept_;
  refusal_.text.resize(at_.refusal_bytes);
  refusal_.lines = at_.refused_lines;
  refusal_.is_partial = at_.refusal_is_partial;
  submissions_.clear();
  notices_.clear();
}

}  // namespace attestrd
