#include "daemon/cli/submission_draft.h"

#include <fmt/format.h>

#include <charconv>
#include <chrono>
#include <system_error>
#include <utility>
#include <variant>

#include "base/limits.h"
#include "inbox/submission.h"
#include "json/json_writer.h"

namespace attestrd {
namespace {

/// Returns a line of the inbox format, with its line feed.
std::string line_of(std::string_view id, const SubmissionDetails& details) {
  std::string line;
  JsonWriter writer(line);
  writer.begin_object();
  writer.text("id", id);
  if (!details.tag.empty()) writer.text("tag", details.tag);
  if (details.expiry) {
    using std::chrono::milliseconds;
    const auto time = details.expiry->time_since_epoch();
    writer.number("expiry", std::chrono::floor<milliseconds>(time).count());
  }
  writer.end_object();
  return line + '\n';
}

/// Returns an error if the inbox would refuse a line with these details.
Result<void> check(std::string_view flag, const SubmissionDetails& details) {
  auto line = line_of("DS", details);
  line.pop_back();
  const auto read = read_submission_line(line);
  const auto* const bad = std::get_if<BadLine>(&read);
  if (bad == nullptr) return {};
  return fail(Errc::invalid_input, fmt::format("{}: {}", flag, bad->reason));
}

std::optional<Wall> parse_milliseconds(std::string_view text) {
  std::int64_t milliseconds = 0;
  const auto* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, milliseconds);
  constexpr std::int64_t kMost = Wall::max().time_since_epoch() / std::chrono::milliseconds(1);
  if (error != std::errc() || rest != end || milliseconds < 0 || milliseconds > kMost)
    return std::nullopt;
  return Wall(std::chrono::milliseconds(milliseconds));
}

}  // namespace

Result<SubmissionDetails> read_details(const std::optional<std::string>& tag,
                                       const std::optional<std::string>& expiry) {
  SubmissionDetails details{tag.value_or(""), std::nullopt};
  if (tag && tag->empty()) return fail(Errc::invalid_input, "--tag: it is empty");
  if (const auto good = check("--tag", details); !good) return good.error();
  if (!expiry) return details;
  details.expiry = parse_milliseconds(*expiry);
  if (!details.expiry)
    return fail(Errc::invalid_input, "--expiry: it is not a unix time in milliseconds");
  if (const auto good = check("--expiry", {{}, details.expiry}); !good) return good.error();
  return details;
}

void SubmissionDraft::blame(std::string_view where, std::string_view why) {
  has_faults_ = true;
  on_fault_(where, why);
}

void SubmissionDraft::add_line(std::string_view line, std::string_view where) {
  if (line.size() > limits::kSubmissionLineBytes) return blame(where, "the line is too long");
  const auto read = read_submission_line(line);
  if (const auto* const bad = std::get_if<BadLine>(&read)) return blame(where, bad->reason);
  const auto* const submission = std::get_if<Submission>(&read);
  if (submission == nullptr) return;
  if (details_.are_given()) return add_with_details(*submission, where);
  const bool says_more = !submission->tag.empty() || submission->expiry;
  if (note(submission->id.view()) || says_more) text_.append(line) += '\n';
}

void SubmissionDraft::add_id(std::string_view id, std::string_view where) {
  if (!HandshakeId::parse(id))
    return blame(where, "is no handshake id: 1 to 64 letters, digits, '_' and '-'");
  if (!note(id)) return;
  text_ += details_.are_given() ? line_of(id, details_) : std::string(id) + '\n';
}

void SubmissionDraft::add_with_details(const Submission& given, std::string_view where) {
  const auto& [tag, expiry] = details_;
  if (!tag.empty() && !given.tag.empty() && given.tag != tag)
    return blame(where, "the line has another tag than --tag");
  if (expiry && given.expiry && given.expiry != expiry)
    return blame(where, "the line has another expiry than --expiry");
  const bool says_more = !given.tag.empty() || given.expiry;
  if (!note(given.id.view()) && !says_more) return;
  text_ +=
      line_of(given.id.view(), {tag.empty() ? given.tag : tag, expiry ? expiry : given.expiry});
}

/// Returns whether the id is new. One that is given twice is one submission.
bool SubmissionDraft::note(std::string_view id) {
  const bool is_new = given_.emplace(id).second;
  if (is_new) ids_.emplace_back(id);
  return is_new;
}

}  // namespace attestrd
