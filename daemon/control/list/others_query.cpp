#include "daemon/control/list/others_query.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <system_error>

#include "daemon/control/list/list_query.h"
#include "handshake/handshake_id.h"

namespace attestrd {
namespace {

constexpr std::string_view kPath = "/list/others?place=";
constexpr std::string_view kPolling = "polling.";
constexpr std::string_view kStaged = "staged.";

/// Reads the text of a place: an id has no dot.
std::optional<RowPlace> parse_place(std::string_view text) {
  RowPlace place;
  place.is_staged = text.starts_with(kStaged);
  if (!place.is_staged && !text.starts_with(kPolling)) return std::nullopt;
  text.remove_prefix(place.is_staged ? kStaged.size() : kPolling.size());
  const auto dot = std::min(text.find('.'), text.size());
  const auto [end, error] = std::from_chars(text.data(), text.data() + dot, place.shelf);
  const bool is_number = error == std::errc() && end == text.data() + dot && place.shelf >= 0 &&
                         place.shelf <= std::int64_t{0x7fffffff};
  if (!is_number || dot == text.size()) return std::nullopt;
  place.id = text.substr(dot + 1);
  if (!place.id.empty() && !HandshakeId::parse(place.id)) return std::nullopt;
  return place;
}

}  // namespace

Result<OthersQuery> parse_others_target(std::string_view target) {
  const auto rest = target.substr(std::min(target.find('&'), target.size()));
  target.remove_suffix(rest.size());
  const auto place =
      is_of_others(target) ? parse_place(target.substr(kPath.size())) : std::optional<RowPlace>();
  if (!place) return fail(Errc::invalid_input, "the query must begin with a place of this list");
  const auto command =
      parse_list_target(rest.empty() ? "/list" : fmt::format("/list?{}", rest.substr(1)));
  if (!command) return command.error();
  return OthersQuery{*place, command->filter};
}

bool is_of_others(std::string_view target) { return target.starts_with(kPath); }

std::string others_target(const OthersQuery& query) {
  const auto filter = list_target({query.filter, 0});
  return fmt::format("{}{}{}.{}&{}", kPath, query.after.is_staged ? kStaged : kPolling,
                     query.after.shelf, query.after.id, filter.substr(filter.find('?') + 1));
}

}  // namespace attestrd
