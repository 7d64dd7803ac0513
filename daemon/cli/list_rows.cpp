#include "daemon/cli/list_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <utility>

#include "base/rfc3339.h"
#include "base/time.h"
#include "daemon/control/plain_words.h"
#include "json/json_object.h"

namespace attestrd {
namespace {

constexpr std::string_view kRowForm = "{:<21} {:<8} {:>8} {:>8} {:>6} {:<9} {}\n";
constexpr std::string_view kRowFormOfFleet = "{:<21} {:<8} {:>8} {:>8} {:>6} {:<9} {:<12} {}\n";
constexpr std::string_view kNone = "-";

/// The members of a line that a row needs. They point into the line.
struct Line {
  enum Member : std::uint8_t {
    id,
    time,
    state,
    waits_for,
    next_poll,
    next_poll_in_s,
    submitted_at,
    polls,
    trouble,
    node
  };
  std::array<JsonMember, 10> members{{{"id"},
                                      {"time"},
                                      {"state"},
                                      {"waits_for"},
                                      {"next_poll"},
                                      {"next_poll_in_s"},
                                      {"submitted_at"},
                                      {"polls"},
                                      {"trouble"},
                                      {"node"}}};

  const JsonMember& operator[](Member member) const { return members[member]; }
  std::string_view text(Member member) const { return members[member].text; }
  bool has(Member member) const {
    return members[member].kind != JsonKind::absent && members[member].kind != JsonKind::null;
  }
};

/// Reads a time with microseconds; those are cut off.
std::optional<Wall> parse_time(std::string_view text) {
  constexpr std::string_view kMilliseconds = "2026-11-23T20:57:00.123";
  return parse_rfc3339_ms(std::string(text.substr(0, kMilliseconds.size())) + 'Z');
}

std::string age_of(const Line& line) {
  const auto now = parse_time(line.text(Line::time));
  const auto submitted = parse_time(line.text(Line::submitted_at));
  return now && submitted ? rough(std::max(*now - *submitted, Duration(0))) : std::string(kNone);
}

std::string delay_of(const Line& line) {
  const auto text = line.text(Line::next_poll_in_s);
  std::int64_t seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  const bool is_number = error == std::errc() && !text.empty();
  return is_number ? rough(std::chrono::seconds(seconds)) : std::string(kNone);
}

std::string_view text_or_none(const Line& line, Line::Member member) {
  return line.has(member) ? line.text(member) : kNone;
}

std::string row_of(const Line& line, bool has_nodes) {
  const auto trouble = text_or_none(line, Line::trouble);
  const auto age = age_of(line);
  const auto delay = delay_of(line);
  const auto row = [&](std::string_view form, const auto&... last) {
    return fmt::format(fmt::runtime(form), line.text(Line::id), line.text(Line::state), age, delay,
                       line.text(Line::polls), line.text(Line::waits_for), last...);
  };
  return has_nodes ? row(kRowFormOfFleet, text_or_none(line, Line::node), trouble)
                   : row(kRowForm, trouble);
}

/// Returns a text that sorts as the row does. Times in RFC 3339 with a fixed precision do so.
std::string key_of(const Line& line, ListForm::Sort sort) {
  if (sort == ListForm::Sort::age) return std::string(line.text(Line::submitted_at));
  return line.has(Line::next_poll) ? std::string(line.text(Line::next_poll)) : "~";
}

}  // namespace

std::string ListRows::header(bool has_nodes) {
  if (has_nodes)
    return fmt::format(fmt::runtime(kRowFormOfFleet), "ID", "STATE", "AGE", "DUE IN", "POLLS",
                       "WAITS FOR", "NODE", "TROUBLE");
  return fmt::format(fmt::runtime(kRowForm), "ID", "STATE", "AGE", "DUE IN", "POLLS", "WAITS FOR",
                     "TROUBLE");
}

Result<bool> ListRows::take(std::string_view lines) {
  while (!lines.empty()) {
    const auto line = lines.substr(0, lines.find('\n'));
    lines.remove_prefix(std::min(line.size() + 1, lines.size()));
    const auto goes_on = take_line(line);
    if (!goes_on || !*goes_on) return goes_on;
  }
  return true;
}

Result<bool> ListRows::take_line(std::string_view text) {
  const bool is_full = form_.limit && printed_ >= *form_.limit;
  if (form_.sort == ListForm::Sort::none && is_full) return false;
  Line line;
  if (scan_object(text, line.members) != JsonFault::none || !line.has(Line::id))
    return fail(Errc::unavailable, "the daemon's answer is no list; is it attestrd's?");
  auto row = form_.as_json ? std::string(text) + '\n' : row_of(line, form_.has_nodes);
  if (form_.sort != ListForm::Sort::none) {
    keep({key_of(line, form_.sort), std::move(row)});
    return true;
  }
  print_(row);
  return ++printed_ != form_.limit;
}

void ListRows::keep(Row row) {
  if (kept_.size() == form_.limit) {
    if (kept_.empty() || !(row < kept_.front())) return;
    std::ranges::pop_heap(kept_, std::less<>());
    kept_.pop_back();
  }
  kept_.push_back(std::move(row));
  std::ranges::push_heap(kept_, std::less<>());
}

void ListRows::narrow(ListFilter& filter) const {
  if (form_.sort == ListForm::Sort::none || kept_.empty() || kept_.size() != form_.limit) return;
  const auto last = parse_time(kept_.front().key);
  if (!last) return;  // It has no next poll, so each one that has comes before it.
  const Wall bound = *last + std::chrono::milliseconds(1);  // The key was cut off.
  (form_.sort == ListForm::Sort::age ? filter.submitted_before : filter.due_before) = bound;
}

void ListRows::finish() {
  std::ranges::sort(kept_, [](const Row& a, const Row& b) { return a < b; });
  for (const Row& row : std::exchange(kept_, {})) print_(row.line);
}

}  // namespace attestrd
