#include "spool/retention.h"

#include <algorithm>
#include <chrono>
#include <string>

#include "spool/spool.h"

namespace attestrd {

std::optional<HandshakeId> id_of_record(std::string_view name) {
  auto id = HandshakeId::parse(name.substr(0, name.find('.')));
  if (!id || !is_record_name(*id, name)) return std::nullopt;
  return id;
}

std::optional<Outcome> outcome_to_remove(Outcome folder, std::string_view name,
                                         const KnownHandshake& known, Duration running,
                                         Duration keep) {
  const auto* const ended = std::get_if<EndedHandshake>(&known);
  if (ended == nullptr || ended->outcome == Outcome::completed) return std::nullopt;
  const bool is_its_place =
      ended->outcome == folder ||
      ended->diverted_to == std::string(folder_of(folder)) + "/" + std::string(name);
  if (!is_its_place || running - ended->running < keep) return std::nullopt;
  return ended->outcome;
}

Duration tombstone_life(Duration tombstones, Duration records) {
  if (records == Duration(0)) return tombstones;
  return std::max<Duration>(tombstones, records + std::chrono::days(1));
}

}  // namespace attestrd
