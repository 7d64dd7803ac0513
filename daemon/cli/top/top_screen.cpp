#include "daemon/cli/top/top_screen.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include "daemon/control/plain_words.h"

namespace attestrd {
namespace {

constexpr std::string_view kBlanks = " ";

/// Returns the value of a row of the status, or an empty text.
std::string_view row_of(std::string_view status, std::string_view name) {
  while (!status.empty()) {
    auto line = status.substr(0, status.find('\n'));
    status.remove_prefix(std::min(line.size() + 1, status.size()));
    if (!line.starts_with(name) || !line.substr(name.size()).starts_with(kBlanks)) continue;
    line.remove_prefix(name.size());
    return line.substr(std::min(line.find_first_not_of(kBlanks), line.size()));
  }
  return {};
}

/// Composes lines of a title and its text.
class Lines {
 public:
  Lines(std::size_t columns, std::size_t rows) : columns_(columns), rows_(rows) {}

  void add(std::string_view title, std::string_view text) {
    line(fmt::format("{:<12} {}", title, text));
  }
  void line(std::string_view text) {
    if (lines_.size() < rows_) lines_.emplace_back(text.substr(0, columns_));
  }
  std::vector<std::string> take() { return std::move(lines_); }

 private:
  std::size_t columns_;
  std::size_t rows_;
  std::vector<std::string> lines_;
};

Duration from_seconds(double s) { return scaled(std::chrono::seconds(1), s); }

/// Returns how fast a counter has grown between both samples, per second.
double rate(double now, double before, Duration between) {
  if (between <= Duration(0) || now < before) return 0;
  return (now - before) / std::chrono::duration<double>(between).count();
}

/// Returns the values that are not zero, with their labels.
std::string list_of(const std::map<std::string, double>& values, std::string_view none) {
  std::string text;
  for (const auto& [label, value] : values)
    if (value > 0) text += fmt::format("{}{} {:.0f}", text.empty() ? "" : ", ", label, value);
  return text.empty() ? std::string(none) : text;
}

std::string handshakes(const TopSample& sample) {
  const auto state = [&sample](std::string_view name) {
    return sample.value(fmt::format("attestrd_handshakes{{state=\"{}\"}}", name));
  };
  return fmt::format("{:.0f} pending, {:.0f} in flight, {:.0f} being written, {:.0f} held",
                     state("pending"), state("in_flight"), state("settling"),
                     sample.value("attestrd_handshakes_held"));
}

std::string polls(const TopAnswers& answers) {
  constexpr std::string_view kPolls = "attestrd_polls_total";
  const double configured = answers.sample.value("attestrd_rate_limit{kind=\"configured\"}");
  const double effective = answers.sample.value("attestrd_rate_limit{kind=\"effective\"}");
  auto text = fmt::format("{:.1f} a second", rate(answers.sample.sum(kPolls),
                                                  answers.before.sum(kPolls), answers.between));
  if (configured > 0) text += fmt::format(", of {:.4g} configured", configured);
  if (effective != configured) text += fmt::format("; Attestr allows {:.3g}", effective);
  return text;
}

/// Returns the mean upper bound of the delay of the results since the start of the daemon.
std::string delay(const TopSample& sample) {
  const double count = sample.value("attestrd_detection_delay_seconds_count");
  if (count == 0) return "no result yet";
  return fmt::format("at most {:.1f} s in the mean of {:.0f} results",
                     sample.value("attestrd_detection_delay_seconds_sum") / count, count);
}

std::string due(const TopAnswers& answers) {
  const double lag_s = answers.sample.value("attestrd_due_lag_seconds");
  const auto next = row_of(answers.status, "next poll");
  auto text = fmt::format("next poll {}", next.empty() ? "unknown" : next);
  if (lag_s >= 1)
    text += fmt::format("; the oldest has been due for {}", rough(from_seconds(lag_s)));
  return text;
}

}  // namespace

std::vector<std::string> top_screen(const TopAnswers& answers, std::size_t columns,
                                    std::size_t rows) {
  const TopSample& sample = answers.sample;
  Lines lines(columns, rows);
  lines.add("attestrd", row_of(answers.status, "attestrd"));
  const auto held = row_of(answers.status, "held");
  lines.add("polling", held.empty() ? "allowed" : fmt::format("HELD: {}", held));
  lines.line("");
  lines.add("handshakes", handshakes(sample));
  lines.add("due", due(answers));
  lines.add("oldest", rough(from_seconds(sample.value("attestrd_oldest_pending_age_seconds"))));
  lines.add("polls", polls(answers));
  lines.add("answers", list_of(sample.by_label("attestrd_polls_total"), "none yet"));
  lines.add("delay", delay(sample));
  lines.add("endings", fmt::format("{:.0f} since the start of the daemon",
                                   sample.sum("attestrd_handshakes_ended_total")));
  lines.add("spool", list_of(sample.by_label("attestrd_spool_waiting"), "empty"));
  lines.line("");
  std::string_view ages = answers.ages;
  while (!ages.empty()) {
    const auto line = ages.substr(0, ages.find('\n'));
    lines.line(line);
    ages.remove_prefix(std::min(line.size() + 1, ages.size()));
  }
  return lines.take();
}

}  // namespace attestrd
