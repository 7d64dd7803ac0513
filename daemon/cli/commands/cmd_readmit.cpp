#include <fmt/format.h>
#include <sysexits.h>

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "base/escape.h"
#include "base/text.h"
#include "daemon/cli/command_table.h"
#include "daemon/cli/line_requests.h"
#include "daemon/config/config.h"
#include "daemon/log/exit_code.h"
#include "handshake/handshake.h"
#include "spool/spool.h"

namespace attestrd {
namespace {

/// The answer to this many names takes seconds, not minutes, unless the records are huge.
constexpr std::size_t kNamesPerRequest = 256;

/// Returns whether a record may have the name, as far as its letters show.
bool may_be_record(std::string_view name) {
  constexpr CharSet kAllowed = kLettersAndDigits | CharSet("_-.");
  return name.ends_with(".json") && !name.starts_with('.') && kAllowed.contains_all(name);
}

/// Returns the names of all records in the folder.
Result<std::vector<std::string>> list(const std::filesystem::path& folder) {
  std::error_code error;
  std::vector<std::string> names;
  for (std::filesystem::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    const auto name = entry->path().filename().string();
    if (may_be_record(name)) names.push_back(name);
  }
  const auto code =
      error == std::errc::permission_denied ? Errc::permission_denied : Errc::io_failure;
  if (error) return fail(code, fmt::format("{}: {}", folder.string(), error.message()));
  std::ranges::sort(names);
  return names;
}

/// Returns the names of the given files, and prints those that are not in the folder.
Result<std::vector<std::string>> names_of(const std::vector<std::string>& files,
                                          const std::filesystem::path& folder) {
  std::vector<std::string> names;
  for (const std::filesystem::path file : files) {
    std::error_code error;
    const bool is_there = std::filesystem::equivalent(file.parent_path() / ".", folder, error);
    const auto name = file.filename().string();
    if (!is_there || !may_be_record(name))
      fmt::print(stderr, "{}: is not the path of a record in {}\n",
                 escaped(file.string(), kPrintableEscapes), folder.string());
    else
      names.push_back(name);
  }
  if (names.size() < files.size()) return fail(Errc::invalid_input, "nothing is readmitted");
  return names;
}

}  // namespace

int cmd_readmit(const Given& given) {
  if (given.operands.empty() != given.has("--all")) {
    fmt::print(stderr, "attestrd readmit: give either files or --all\n");
    return EX_USAGE;
  }
  const auto config = load_config(given.config_file, {"paths", "admin"});
  if (!config) return exit_with(config.error());
  const auto folder = config->paths.spool / folder_of(Outcome::rejected);
  const auto names = given.has("--all") ? list(folder) : names_of(given.operands, folder);
  if (!names) return exit_with(names.error());
  const LineRoute route{.target = given.has("--all") ? "/readmit?all" : "/readmit",
                        .accept = accepted_format(given),
                        .most_lines = kNamesPerRequest,
                        .takes_minutes = true};
  const auto are_readmitted = send_lines(*config, route, *names);
  if (!are_readmitted) return exit_with(are_readmitted.error());
  if (names->empty()) fmt::print(stderr, "there is no record in {}\n", folder.string());
  return *are_readmitted ? EX_OK : EX_DATAERR;
}

}  // namespace attestrd
