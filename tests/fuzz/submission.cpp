// Fuzzes files of the inbox: inbox/submission_reader splits a file into lines, inbox/submission
// parses the lines. The input is the file.

#include "fuzz/target.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "base/limits.h"
#include "fuzz/submission_wish.h"
#include "inbox/submission.h"
#include "inbox/submission_reader.h"

namespace attestrd::fuzz {
namespace {

using NextPiece = std::function<std::size_t()>;

/// A file in memory that returns `next_piece()` bytes at a time.
class MemoryFile final : public ReadableFile {
 public:
  MemoryFile(std::string_view text, NextPiece next_piece)
      : text_(text), next_piece_(std::move(next_piece)) {}

  Result<std::size_t> read(std::uint64_t offset, std::span<char> room) override {
    if (offset >= text_.size()) return 0U;
    return text_.copy(room.data(), std::min(room.size(), next_piece_()), offset);
  }

  Result<FileInfo> inspect() override { return FileInfo{}; }
  Writers writers() override { return Writers::none; }

 private:
  std::string_view text_;
  NextPiece next_piece_;
};

/// The results of a reader for a file.
struct Said {
  std::vector<Submission> submissions;
  std::string refusal;
  std::uint64_t refused_lines = 0;
  std::uint64_t lines = 0;
  bool is_partial = false;
  std::size_t notices = 0;
};

bool operator==(const Said& a, const Said& b) {
  const auto is_same = [](const Submission& x, const Submission& y) {
    return x.id == y.id && x.tag == y.tag && x.expiry == y.expiry;
  };
  return std::ranges::equal(a.submissions, b.submissions, is_same) && a.refusal == b.refusal &&
         a.refused_lines == b.refused_lines && a.lines == b.lines && a.is_partial == b.is_partial &&
         a.notices == b.notices;
}

/// Returns the results of a reader that reads at most `next_budget()` lines at a time.
Said said_of(std::string_view text, NextPiece next_piece, const NextPiece& next_budget) {
  MemoryFile file(text, std::move(next_piece));
  SubmissionReader reader("file");
  Said said;
  for (bool is_over = false; !is_over;) {
    const std::size_t budget = next_budget();
    std::size_t left = budget;
    const auto read = reader.read(file, true, left);
    ATTESTRD_CHECK(read && left <= budget);
    is_over = *read == SubmissionReader::End::file;
    ATTESTRD_CHECK(is_over || left == 0);
    said.lines += budget - left;
    if (is_over) reader.sum_up();
    auto slice = reader.take_slice();
    std::ranges::move(slice.submissions, std::back_inserter(said.submissions));
    said.notices += reader.take_notices().size();
  }
  said.refusal = reader.refusal().text;
  said.refused_lines = reader.refusal().lines;
  said.is_partial = reader.refusal().is_partial;
  return said;
}

/// Returns the lines of a text, each truncated if it is too long.
std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, std::min(end, limits::kSubmissionLineBytes + 1)));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

void check_line(std::string_view line) {
  const auto wish = wish_of(line);
  const auto said = read_submission_line(line);
  ATTESTRD_CHECK(std::holds_alternative<BlankLine>(said) == says_nothing(line));
  const auto* submission = std::get_if<Submission>(&said);
  ATTESTRD_CHECK((submission != nullptr) == wish.has_value());
  if (const auto* bad = std::get_if<BadLine>(&said)) {
    const auto is_printable = [](char c) { return c >= ' ' && c < 0x7f; };
    ATTESTRD_CHECK(!bad->reason.empty() && std::ranges::all_of(bad->reason, is_printable));
  }
  if (submission == nullptr) return;
  ATTESTRD_CHECK(HandshakeId::parse(submission->id.view()) == submission->id);
  ATTESTRD_CHECK(submission->id.view() == wish->id && submission->tag == wish->tag);
  ATTESTRD_CHECK(submission->expiry.has_value() == wish->expiry_ms.has_value());
  if (wish->expiry_ms)
    ATTESTRD_CHECK(*submission->expiry == Wall(std::chrono::milliseconds(*wish->expiry_ms)));
}

std::string escaped(std::string_view line) {
  std::string out;
  for (const char c : line)
    out += c < ' ' || c == 0x7f || c == '\\'
               ? fmt::format("\\x{:02x}", static_cast<unsigned char>(c))
               : std::string(1, c);
  return out;
}

/// Checks that the refusal contains `line N: reason: text` for each bad line, in their order.
void check_refusal(const Said& said, const std::vector<std::string_view>& lines) {
  std::uint64_t bad = 0;
  std::uint64_t good = 0;
  std::string_view rest = said.refusal;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const auto meaning = read_submission_line(lines[i]);
    good += std::holds_alternative<Submission>(meaning);
    if (!std::holds_alternative<BadLine>(meaning)) continue;
    ++bad;
    if (rest.empty()) continue;
    const auto told = fmt::format("line {}: {}: {}\n", i + 1, std::get<BadLine>(meaning).reason,
                                  escaped(lines[i]));
    ATTESTRD_CHECK(rest.starts_with(told));
    rest.remove_prefix(told.size());
  }
  ATTESTRD_CHECK(rest.empty() && bad == said.refused_lines && good == said.submissions.size());
  ATTESTRD_CHECK(said.is_partial ||
                 bad == static_cast<std::uint64_t>(std::ranges::count(said.refusal, '\n')));
  ATTESTRD_CHECK(std::ranges::all_of(said.refusal,
                                     [](char c) { return c == '\n' || (c >= ' ' && c < 0x7f); }));
  ATTESTRD_CHECK(said.refusal.size() < limits::kRefusalBytes + 5 * limits::kSubmissionLineBytes);
  ATTESTRD_CHECK(said.notices == std::min<std::uint64_t>(bad, limits::kNoticesPerFile + 1));
}

void check(std::string_view text) {
  const auto lines = lines_of(text);
  for (const auto line : lines) check_line(line);
  Prng luck = luck_of(text);
  // Byte by byte would be slow: the reader clears a large buffer for each piece.
  const auto all = [] { return std::size_t{1} << 30; };
  const auto pieces = [&] { return drawn(luck, 1, 1 + text.size() / 5); };
  const auto halves = [&] { return 1 + text.size() / 2; };
  const auto one = [] { return std::size_t{1}; };
  const auto some = [&luck] { return drawn(luck, 1, 3); };
  const Said said = said_of(text, all, all);
  ATTESTRD_CHECK(said.lines == lines.size());
  check_refusal(said, lines);
  ATTESTRD_CHECK(said_of(text, pieces, some) == said);
  ATTESTRD_CHECK(said_of(text, halves, one) == said);

  const auto name = text.substr(0, 255);
  if (const auto request = request_of_empty_file(name)) {
    const std::string id(request->id.view());
    ATTESTRD_CHECK(name == (request->is_kick ? id + ".kick" : id));
    ATTESTRD_CHECK(is_id(id) && id.starts_with("DS"));
  }
  ATTESTRD_CHECK(!is_submission_name(name) || !name.starts_with('.'));
}

}  // namespace
}  // namespace attestrd::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  attestrd::fuzz::check(attestrd::fuzz::text_of(data, size));
  return 0;
}
