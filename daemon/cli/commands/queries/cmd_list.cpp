// Asks the daemon for its list of handshakes, part by part, or reads it from the queue itself
// while no daemon runs.

#include <fmt/format.h>
#include <sysexits.h>

#include <charconv>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "base/escape.h"
#include "daemon/cli/command_table.h"
#include "daemon/cli/list_rows.h"
#include "daemon/cli/pending_ids.h"
#include "daemon/config/config.h"
#include "daemon/config/units.h"
#include "daemon/control/list/list_query.h"
#include "daemon/log/exit_code.h"

namespace attestrd {
namespace {

/// Returns the exit code for a value that a flag can't have, after a message.
int wrong_value(std::string_view flag, std::string_view value, std::string_view possible) {
  fmt::print(stderr, "attestrd: {} {}: use {}\n", flag, escaped(value, kPrintableEscapes),
             possible);
  return EX_USAGE;
}

std::optional<std::size_t> parse_limit(std::string_view text) {
  std::size_t limit = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), limit);
  const bool is_good = error == std::errc() && end == text.data() + text.size() && limit > 0;
  return is_good ? std::optional(limit) : std::nullopt;
}

/// Reads the flags. Returns the exit code if a value is wrong, after a message.
std::optional<int> read_flags(const Given& given, ListFilter& filter, ListForm& form) {
  form.as_json = given.has(kJsonFlag.name);
  filter.tag = given.value_of("--tag");
  if (const auto state = given.value_of("--state")) {
    filter.state = listed_state(*state);
    if (!filter.state)
      return wrong_value("--state", *state, "waiting, due, polling, held or ending");
  }
  if (const auto age = given.value_of("--older-than")) {
    filter.older_than = parse_duration(*age);
    if (!filter.older_than)
      return wrong_value("--older-than", *age, "a time such as 90s, 5m, 25h or 7d");
  }
  if (const auto sort = given.value_of("--sort")) {
    if (*sort != "age" && *sort != "due") return wrong_value("--sort", *sort, "age or due");
    form.sort = *sort == "age" ? ListForm::Sort::age : ListForm::Sort::due;
  }
  if (const auto limit = given.value_of("--limit")) {
    form.limit = parse_limit(*limit);
    if (!form.limit) return wrong_value("--limit", *limit, "a number of at least 1");
  }
  return std::nullopt;
}

/// Returns the flag that only a daemon can serve, or an empty text.
std::string_view need_of(const ListFilter& filter, const ListForm& form) {
  if (filter.state == ListedState::due) return "--state due";
  if (filter.state == ListedState::polling) return "--state polling";
  return form.sort == ListForm::Sort::due ? "--sort due" : "";
}

}  // namespace

int cmd_list(const Given& given) {
  ListFilter filter;
  ListForm form;
  if (const auto wrong = read_flags(given, filter, form)) return *wrong;
  const auto config = load_config(given.config_file, {"paths", "admin", "queue", "postgres"});
  if (!config) return exit_with(config.error());
  form.has_nodes = config->queue.store == QueueStore::postgres;
  bool is_header_due = !form.as_json && !given.has(kNoHeaderFlag.name);
  const auto header = ListRows::header(form.has_nodes);
  ListRows rows(form, [&](std::string_view row) {
    if (std::exchange(is_header_due, false)) fmt::print("{}", header);
    fmt::print("{}", row);
  });
  const auto take = [&rows](std::string_view part) { return rows.take(part); };
  const auto narrow = [&rows](ListFilter& further) { rows.narrow(further); };
  const auto done = read_list_or_queue(*config, filter, need_of(filter, form), take, narrow);
  if (!done) return exit_with(done.error());
  rows.finish();
  if (is_header_due) fmt::print("{}", header);
  return EX_OK;
}

}  // namespace attestrd
