#include "daemon/cli/pending_ids.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <iterator>
#include <utility>

#include "daemon/cli/control_client.h"
#include "daemon/control/list/list_query.h"
#include "json/json_object.h"

namespace attestrd {

Result<void> read_list(const Config& config, const ListFilter& filter,
                       const std::function<Result<bool>(std::string_view)>& on_part) {
  const auto& socket = config.admin.socket;
  for (std::string target = list_target({filter, 0}); !target.empty();) {
    auto answer = ask_running_daemon(socket, [&] { return ask_daemon_page(socket, target); });
    if (!answer) return answer.error();
    const auto goes_on = on_part(answer->body);
    if (!goes_on) return goes_on.error();
    target = *goes_on ? std::move(answer->next) : "";
  }
  return {};
}

Result<std::vector<std::string>> ids_in_list(std::string_view part) {
  std::vector<std::string> ids;
  while (!part.empty()) {
    const auto line = part.substr(0, part.find('\n'));
    part.remove_prefix(std::min(line.size() + 1, part.size()));
    std::array<JsonMember, 1> id{{{"id"}}};
    if (scan_object(line, id) != JsonFault::none || id[0].kind != JsonKind::string)
      return fail(Errc::unavailable, "the daemon's answer is no list; is it attestrd's?");
    ids.emplace_back(id[0].text);
  }
  return ids;
}

Result<std::vector<std::string>> ids_with_tag(const Config& config, const Given& given) {
  const ListFilter filter{.tag = given.value_of(kTagFlag.name)};
  if (filter.tag && filter.tag->empty())
    return fail(Errc::invalid_input, "the tag is empty, which all handshakes without a tag have");
  std::vector<std::string> ids;
  const auto done = read_list(config, filter, [&ids](std::string_view part) -> Result<bool> {
    auto more = ids_in_list(part);
    if (!more) return more.error();
    std::ranges::move(*more, std::back_inserter(ids));
    return true;
  });
  if (!done) return done.error();
  if (ids.empty())
    return fail(Errc::unavailable, "no handshake that was submitted with this tag is pending");
  if (ids.size() > 1 && !given.has("--all")) {
    fmt::print(stderr, "{}\n", fmt::join(ids, "\n"));
    return fail(Errc::invalid_input,
                fmt::format("{} handshakes have this tag: give an id, or --all", ids.size()));
  }
  return ids;
}

}  // namespace attestrd
