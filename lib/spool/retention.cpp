#include "spool/retention.h"

#include <algorithm>
#include <chrono>

#include "spool/spool.h"

namespace attestrd {

std::optional<HandshakeId> id_of_record(std::string_view name) {
  auto id = HandshakeId::parse(name.substr(0, name.find('.')));
  if (!id || !is_record_name(*id, name)) return std::nullopt;
  return id;
}

bool is_kept_long_enough(Outcome folder, const KnownHandshake& known, Duration running,
                         Duration keep) {
  const auto* const ended = std::get_if<EndedHandshake>(&known);
  if (ended == nullptr || folder == Outcome::completed || ended->outcome != folder) return false;
  return running - ended->running >= keep;
}

Duration tombstone_life(Duration tombstones, Duration records) {
  if (records == Duration(0)) return tombstones;
  return std::max<Duration>(tombstones, records + std::chrono::days(1));
}

}  // namespace attestrd
