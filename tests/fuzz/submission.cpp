// A file in the inbox: inbox/submission_reader takes it line by line, inbox/submission reads the
// lines. The input is the file.

#include "fuzz/target.h"

#include <algorithm>
#include <charconv>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/limits.h"
#include "fuzz/json_events.h"
#include "inbox/submission.h"
#include "inbox/submission_reader.h"

namespace attestrd::fuzz {
namespace {

using Kind = JsonEvent::Kind;
using NextPiece = std::function<std::size_t()>;

/// A file in memory that gives `next_piece()` bytes at a time.
class MemoryFile final : public ReadableFile {
 public:
  MemoryFile(std::string_view text, NextPiece next_piece)
      : text_(text), next_piece_(std::move(next_piece)) {}

  Result<std::size_t> read(std::span<char> room) override {
    const auto count = text_.copy(room.data(), std::min(room.size(), next_piece_()));
    text_.remove_prefix(count);
    return count;
  }

  Result<FileInfo> inspect() override { return FileInfo{}; }
  Writers writers() override { return Writers::none; }

 private:
  std::string_view text_;
  NextPiece next_piece_;
};

/// All that a reader says of a file.
struct Said {
  std::vector<Submission> submissions;
  std::string refusal;
  std::uint64_t refused_lines = 0;
  std::uint64_t lines = 0;
  bool is_partial = false, is_complete = false;
  std::size_t notices = 0;
};

bool operator==(const Said& a, const Said& b) {
  const auto is_same = [](const Submission& x, const Submission& y) {
    return x.id == y.id && x.tag == y.tag && x.expiry == y.expiry;
  };
  return std::ranges::equal(a.submissions, b.submissions, is_same) && a.refusal == b.refusal &&
         a.refused_lines == b.refused_lines && a.lines == b.lines && a.is_partial == b.is_partial &&
         a.is_complete == b.is_complete && a.notices == b.notices;
}

/// Reads at most `next_budget()` lines at a time.
Said said_of(std::string_view text, NextPiece next_piece, const NextPiece& next_budget) {
  FileInfo info;
  info.size_bytes = text.size();
  SubmissionReader reader("file", info, std::make_unique<MemoryFile>(text, std::move(next_piece)));
  Said said;
  for (bool is_over = false; !is_over;) {
    const std::size_t budget = next_budget();
    std::size_t left = budget;
    const auto read = reader.read(left);
    ATTESTRD_CHECK(read && left <= budget);
    is_over = *read;
    ATTESTRD_CHECK(is_over || left == 0);
    said.lines += budget - left;
    auto slice = reader.take_slice();
    std::ranges::move(slice.submissions, std::back_inserter(said.submissions));
    said.notices += reader.take_notices().size();
  }
  said.refusal = reader.refusal().text;
  said.refused_lines = reader.refusal().lines;
  said.is_partial = reader.refusal().is_partial;
  said.is_complete = reader.is_complete();
  return said;
}

/// The lines of a text, each cut where it gets too long.
std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, std::min(end, limits::kSubmissionLineBytes + 1)));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

bool is_id(std::string_view text) {
  constexpr std::string_view kLetters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
  return !text.empty() && text.size() <= 64 && text.find_first_not_of(kLetters) == text.npos;
}

/// What a line should be taken for: no submission is nothing.
struct Wish {
  std::string id, tag;
  std::optional<std::int64_t> expiry_ms;
};

bool holds_surrogate(std::string_view text) {
  for (std::size_t i = 0; i + 1 < text.size(); ++i)
    if (text[i] == '\xed' && (static_cast<unsigned char>(text[i + 1]) & 0x20) != 0) return true;
  return false;
}

std::optional<std::int64_t> whole_number(const JsonEvent& value) {
  std::int64_t number = 0;
  const auto end = value.text.data() + value.text.size();
  const auto read = std::from_chars(value.text.data(), end, number);
  const bool is_whole = value.kind == Kind::number && read.ec == std::errc{} && read.ptr == end;
  return is_whole ? std::optional(number) : std::nullopt;
}

/// Reads an object by what the other JSON parser says of it.
std::optional<Wish> wish_of_object(std::string_view text) {
  const auto events = json_events(text);
  if (!events || events->front().kind != Kind::begin_object) return std::nullopt;
  Wish wish;
  std::vector<std::string> keys;
  for (std::size_t i = 1; i + 1 < events->size(); i += 2) {
    const auto& key = (*events)[i];
    const auto& value = (*events)[i + 1];
    if (key.kind != Kind::key || std::ranges::count(keys, key.text) > 0) return std::nullopt;
    keys.push_back(key.text);
    if (key.text == "expiry") {
      wish.expiry_ms = whole_number(value);
      constexpr std::int64_t k2010 = 1'262'304'000'000, k2200 = 7'258'118'400'000;
      if (!wish.expiry_ms || *wish.expiry_ms < k2010 || *wish.expiry_ms > k2200)
        return std::nullopt;
    } else if (value.kind != Kind::string || (key.text != "id" && key.text != "tag")) {
      return std::nullopt;
    } else {
      (key.text == "id" ? wish.id : wish.tag) = value.text;
    }
  }
  const bool is_good = is_id(wish.id) && wish.tag.size() <= 256 && !holds_surrogate(wish.tag);
  return is_good ? std::optional(wish) : std::nullopt;
}

std::string_view stripped(std::string_view line) {
  if (line.starts_with("\xef\xbb\xbf")) line.remove_prefix(3);
  while (!line.empty() && std::string_view(" \t\r").find(line.front()) != line.npos)
    line.remove_prefix(1);
  while (!line.empty() && std::string_view(" \t\r").find(line.back()) != line.npos)
    line.remove_suffix(1);
  return line;
}

void check_line(std::string_view line) {
  const auto text = stripped(line);
  const bool is_overlong = line.size() > limits::kSubmissionLineBytes;
  const bool is_blank = !is_overlong && (text.empty() || text.front() == '#');
  std::optional<Wish> wish;
  if (!is_overlong && !is_blank)
    wish = text.front() == '{' ? wish_of_object(text)
           : is_id(text)       ? std::optional(Wish{std::string(text), "", std::nullopt})
                               : std::nullopt;
  const auto said = read_submission_line(line);
  ATTESTRD_CHECK(std::holds_alternative<BlankLine>(said) == is_blank);
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

/// `line N: why: what it says`, for each bad line in its order.
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
    const auto head = "line " + std::to_string(i + 1) + ": " + std::get<BadLine>(meaning).reason;
    ATTESTRD_CHECK(rest.starts_with(head + ": "));
    rest.remove_prefix(std::min(rest.find('\n'), rest.size() - 1) + 1);
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
  // Not byte by byte: for each piece the reader clears room for a large one.
  const auto all = [] { return std::size_t{1} << 30; };
  const auto pieces = [&] { return drawn(luck, 1, 1 + text.size() / 5); };
  const auto halves = [&] { return 1 + text.size() / 2; };
  const auto one = [] { return std::size_t{1}; };
  const auto some = [&luck] { return drawn(luck, 1, 3); };
  const Said said = said_of(text, all, all);
  ATTESTRD_CHECK(said.lines == lines.size());
  ATTESTRD_CHECK(said.is_complete == (text.empty() || text.ends_with('\n')));
  check_refusal(said, lines);
  ATTESTRD_CHECK(said_of(text, pieces, some) == said);
  ATTESTRD_CHECK(said_of(text, halves, one) == said);

  const auto name = text.substr(0, 255);
  if (const auto id = id_of_empty_file(name))
    ATTESTRD_CHECK(id->view() == name && is_id(name) && name.starts_with("DS"));
  ATTESTRD_CHECK(!is_submission_name(name) || !name.starts_with('.'));
}

}  // namespace
}  // namespace attestrd::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  attestrd::fuzz::check(attestrd::fuzz::text_of(data, size));
  return 0;
}
