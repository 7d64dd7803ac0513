#include <fmt/format.h>
#include <sysexits.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <iostream>
#include <random>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/limits.h"
#include "daemon/cli/command_table.h"
#include "daemon/cli/line_requests.h"
#include "daemon/config/config.h"
#include "daemon/log/exit_code.h"
#include "files/posix_drop.h"
#include "inbox/submission.h"

namespace attestrd {
namespace {

/// The contents of a submission file under construction, checked line by line.
class Draft {
 public:
  /// Adds a line of the inbox format. `where` names the line in error messages.
  void add_line(std::string_view line, std::string_view where);

  /// Adds an argument, which must be an id.
  void add_id(std::string_view id, std::string_view where);

  const std::string& text() const { return text_; }
  const std::vector<std::string>& ids() const { return ids_; }
  bool has_faults() const { return has_faults_; }

 private:
  void blame(std::string_view where, std::string_view why);
  bool add(std::string_view id);

  std::string text_;
  std::set<std::string, std::less<>> given_;
  std::vector<std::string> ids_;  ///< In the order of their first lines.
  bool has_faults_ = false;
};

void Draft::blame(std::string_view where, std::string_view why) {
  has_faults_ = true;
  fmt::print(stderr, "{}: {}\n", where, why);
}

void Draft::add_line(std::string_view line, std::string_view where) {
  if (line.size() > limits::kSubmissionLineBytes) return blame(where, "the line is too long");
  const auto read = read_submission_line(line);
  if (const auto* bad = std::get_if<BadLine>(&read)) return blame(where, bad->reason);
  const auto* const submission = std::get_if<Submission>(&read);
  if (submission == nullptr) return;
  const bool says_more = !submission->tag.empty() || submission->expiry;
  if (add(submission->id.view()) || says_more) text_.append(line) += '\n';
}

void Draft::add_id(std::string_view id, std::string_view where) {
  if (!HandshakeId::parse(id)) {
    return blame(where, "is no handshake id: 1 to 64 letters, digits, '_' and '-'");
  }
  if (add(id)) text_.append(id) += '\n';
}

/// Returns whether the id is new. One that is given twice is one submission.
bool Draft::add(std::string_view id) {
  const bool is_new = given_.emplace(id).second;
  if (is_new) ids_.emplace_back(id);
  return is_new;
}

void read_stdin(Draft& draft) {
  std::string line;
  for (std::size_t number = 1; std::getline(std::cin, line); ++number) {
    draft.add_line(line, fmt::format("stdin:{}", number));
  }
}

/// Returns a name that no other process chooses.
std::string file_name() {
  const auto time_us = std::chrono::duration_cast<std::chrono::microseconds>(
      std::chrono::system_clock::now().time_since_epoch());
  return fmt::format("submit-{}-{}-{:08x}", time_us.count(), ::getpid(), std::random_device{}());
}

/// Writes a submission file, which appears complete and durable or not at all.
Result<void> write_durably(const std::string& inbox, std::string_view text) {
  const auto dropped = drop_file(inbox, file_name(), text);
  if (dropped) return {};
  auto error = dropped.error();
  if (error.code == Errc::not_found) {
    error.code = Errc::unavailable;
    error.message += "; paths.inbox names it, and it must be there before anything is submitted";
  } else if (error.code == Errc::permission_denied) {
    error.message += "; members of the group attestrd-submit may submit";
  }
  return error;
}

/// Prints the ids that have ended, as the daemon answers, and returns whether there are any. A
/// caller that may not ask, or gets no answer, submits: an id that has ended is then dropped, and
/// the log of the daemon names it.
bool have_some_ended(const Config& config, const std::vector<std::string>& ids) {
  const LineRoute route{.target = "/ended", .out = stderr};
  bool have_ended = false;
  for (std::size_t at = 0; at < ids.size(); at += route.most_lines) {
    const auto part = std::span(ids).subspan(at, std::min(route.most_lines, ids.size() - at));
    const auto are_new = send_lines(config, route, part);
    if (!are_new) break;
    have_ended |= !*are_new;
  }
  return have_ended;
}

}  // namespace

int cmd_submit(const Given& given) {
  auto config = load_config(given.config_file, {"paths", "admin"});
  const bool knows_daemon = config.has_value();
  if (!config && config.error().code == Errc::invalid_config)
    config = load_config(given.config_file, {"paths"});  // [admin] may be wrong.
  if (!config) return exit_with(config.error());

  Draft draft;
  if (given.operands.size() == 1 && given.operands.front() == "-") {
    read_stdin(draft);
  } else {
    for (std::size_t i = 0; i < given.operands.size(); ++i) {
      draft.add_id(given.operands[i], fmt::format("argument {} ('{}')", i + 1, given.operands[i]));
    }
  }
  if (draft.text().size() > limits::kSubmissionFileBytes) {
    return exit_with(fail(Errc::invalid_input, "more than 64 MiB; submit it in parts"));
  }
  if (draft.has_faults() || (knows_daemon && have_some_ended(*config, draft.ids()))) {
    return exit_with(fail(Errc::invalid_input, "nothing was submitted"));
  }
  if (!draft.ids().empty()) {
    const auto written = write_durably(config->paths.inbox.string(), draft.text());
    if (!written) return exit_with(written.error());
  }
  fmt::print("submitted {}\n", draft.ids().size());
  return EX_OK;
}

}  // namespace attestrd
