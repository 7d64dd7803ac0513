#include "daemon/cli/id_operands.h"

#include <fmt/format.h>

#include <cstdio>
#include <iostream>

#include "base/escape.h"
#include "handshake/handshake_id.h"

namespace attestrd {
namespace {

std::vector<std::string> ids_of(const Given& given) {
  if (given.operands != std::vector<std::string>{"-"}) return given.operands;
  std::vector<std::string> ids;
  for (std::string line; std::getline(std::cin, line);)
    if (!line.empty()) ids.push_back(line);
  return ids;  // Empty if stdin holds no id or can't be read.
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
  auto ids = ids_of(given);
  if (ids.empty()) return fail(Errc::invalid_input, "stdin holds no id");
  if (!are_ids(ids)) return fail(Errc::invalid_input, std::string(nothing_done));
  return ids;
}

bool names_handshakes(const Given& given, std::string_view command) {
  const bool by_tag = given.has(kTagFlag.name);
  if (given.operands.empty() == by_tag && (by_tag || !given.has(kAllFlag.name))) return true;
  fmt::print(stderr, "attestrd {}: give ids, or --tag, which may be with --all\n", command);
  return false;
}

}  // namespace attestrd
