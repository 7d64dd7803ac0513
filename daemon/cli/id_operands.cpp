#include "daemon/cli/id_operands.h"

#include <fmt/format.h>

#include <cstdio>
#include <iostream>
#include <set>

#include "base/escape.h"
#include "handshake/handshake_id.h"

namespace attestrd {
namespace {

Result<std::vector<std::string>> ids_of(const Given& given) {
  if (given.operands != std::vector<std::string>{"-"}) return given.operands;
  std::vector<std::string> ids;
  for (std::string line; std::getline(std::cin, line);)
    if (!line.empty()) ids.push_back(line);
  if (const auto read = check_stdin(); !read) return read.error();
  return ids;
}

/// Keeps the first mention of each.
void remove_repeats(std::vector<std::string>& ids) {
  std::set<std::string> known;
  std::erase_if(ids, [&known](const auto& id) { return !known.insert(id).second; });
}

bool are_ids(const std::vector<std::string>& ids) {
  bool are_good = true;
  for (const auto& id : ids) {
    if (HandshakeId::parse(id)) continue;
    fmt::print(stderr, "'{}': is no handshake id: 1 to 64 letters, digits, '_' and '-'\n",
               escaped(id, kPrintableEscapes));
    are_good = false;
  }
  return are_good;
}

}  // namespace

Result<std::vector<std::string>> read_ids(const Given& given, std::string_view nothing_done) {
  auto given_ids = ids_of(given);
  if (!given_ids) return given_ids.error();
  auto& ids = *given_ids;
  remove_repeats(ids);
  if (ids.empty()) return fail(Errc::invalid_input, "stdin holds no id");
  if (!are_ids(ids)) return fail(Errc::invalid_input, std::string(nothing_done));
  return given_ids;
}

// An iostream calls an error of read(2) the end of the input.
Result<void> check_stdin() {
  if (std::ferror(stdin) == 0 && !std::cin.bad()) return {};
  return fail(Errc::io_failure, "stdin can't be read to its end: nothing was done");
}

bool names_handshakes(const Given& given, std::string_view command) {
  const bool by_tag = given.has(kTagFlag.name);
  if (given.operands.empty() == by_tag && (by_tag || !given.has(kAllFlag.name))) return true;
  fmt::print(stderr, "attestrd {}: give ids, or --tag, which may be with --all\n", command);
  return false;
}

}  // namespace attestrd
