#include <fmt/format.h>
#include <sysexits.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <iostream>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/limits.h"
#include "daemon/cli/command_table.h"
#include "daemon/cli/id_operands.h"
#include "daemon/cli/line_requests.h"
#include "daemon/cli/submission_draft.h"
#include "daemon/config/config.h"
#include "daemon/log/exit_code.h"
#include "files/posix_drop.h"

namespace attestrd {
namespace {

void read_stdin(SubmissionDraft& draft) {
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
  const auto details = read_details(given.value_of("--tag"), given.value_of("--expiry"));
  if (!details) {
    fmt::print(stderr, "attestrd submit: {}\n", details.error().message);
    return EX_USAGE;
  }
  auto config = load_config(given.config_file, {"paths", "admin"});
  const bool knows_daemon = config.has_value();
  if (!config && config.error().code == Errc::invalid_config)
    config = load_config(given.config_file, {"paths"});  // [admin] may be wrong.
  if (!config) return exit_with(config.error());

  SubmissionDraft draft(*details, [](std::string_view where, std::string_view why) {
    fmt::print(stderr, "{}: {}\n", where, why);
  });
  if (given.operands.size() == 1 && given.operands.front() == "-") {
    read_stdin(draft);
    if (const auto read = check_stdin(); !read) return exit_with(read.error());
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
