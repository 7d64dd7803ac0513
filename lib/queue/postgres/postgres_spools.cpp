#include "queue/postgres/postgres_spools.h"

#include <algorithm>

#include "base/text.h"
#include "queue/postgres/postgres_connection.h"
#include "queue/postgres/postgres_nodes.h"
#include "queue/postgres/postgres_row_reader.h"

namespace attestrd {
namespace {

constexpr const char* kCount =
    "SELECT count(*) FROM attestrd.handshake WHERE state = 'staged' AND spool = $1::uuid";
constexpr const char* kSpools =
    "SELECT h.spool, coalesce(n.name, ''), coalesce(n.alive, false), count(*), min(h.finished_at) "
    "FROM attestrd.handshake h LEFT JOIN attestrd.node n ON n.spool = h.spool "
    "WHERE h.state = 'staged' GROUP BY h.spool, n.name, n.alive ORDER BY h.spool";
// The node can't enter while its row is locked.
constexpr const char* kOwner =
    "SELECT name, alive FROM attestrd.node WHERE spool = $1::uuid FOR UPDATE";
// The owner of the shelf, whichever node that is, does not know the row yet.
constexpr const char* kAgain =
    "UPDATE attestrd.handshake SET state = 'polling', revision = revision + 1, "
    "is_unclaimed = true, spool = NULL, outcome = NULL, reason = NULL, finished_at = NULL, "
    "length_bytes = NULL, sha256 = NULL, readmitted_from = NULL "
    "WHERE state = 'staged' AND spool = $1::uuid RETURNING id";
// The tombstone ages by the running time of the node that had the spool, else by that of any.
constexpr const char* kAssume =
    "UPDATE attestrd.handshake SET state = 'done', revision = revision + 1, spool = NULL, "
    "readmitted_from = NULL, ended_node = o.node, running_ms = o.running_ms "
    "FROM (SELECT n.number AS node, coalesce((SELECT max(running_us) / 1000 FROM attestrd.boot b "
    "WHERE b.node = n.number), 0) AS running_ms FROM attestrd.node n "
    "ORDER BY n.spool = $1::uuid DESC, n.number LIMIT 1) o "
    "WHERE state = 'staged' AND spool = $1::uuid RETURNING id";

bool is_uuid(const std::string& text) {
  constexpr std::size_t kLength = 36;
  return text.size() == kLength && std::ranges::all_of(text, [](char c) {
           return is_digit(c) || c == '-' || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
         });
}

Result<void> check_is_free(const PostgresResult& owner, const std::string& spool) {
  if (owner.rows() == 0 || !owner.flag(0, 1)) return {};
  return fail(Errc::unavailable, "the node " + std::string(owner.text(0, 0)) +
                                     " lives and has the spool " + spool +
                                     ": it publishes what is there");
}

}  // namespace

Result<std::uint64_t> count_staged(PostgresConnection& connection, const std::string& spool) {
  const auto count = connection.run({{kCount, {spool}}});
  if (!count) return count.error();
  return static_cast<std::uint64_t>(count->front().number(0, 0));
}

Result<std::vector<StagedSpool>> staged_spools(PostgresConnection& connection) {
  const auto found = connection.run({{kSpools}});
  if (!found) return found.error();
  const auto& rows = found->front();
  std::vector<StagedSpool> spools;
  for (std::size_t i = 0; i < rows.rows(); ++i)
    spools.push_back({std::string(rows.text(i, 0)), std::string(rows.text(i, 1)), rows.flag(i, 2),
                      static_cast<std::uint64_t>(rows.number(i, 3)), rows.time(i, 4)});
  return spools;
}

Result<std::vector<HandshakeId>> release_spool(PostgresConnection& connection,
                                               const std::string& spool, Release how) {
  if (!is_uuid(spool))
    return fail(Errc::invalid_input,
                "that is not the UUID of a spool: see `attestrd fleet status`");
  auto begin = begin_transaction(connection);
  begin.push_back({kOwner, {spool}});
  const auto owner = connection.run(begin);
  if (!owner) return owner.error();
  if (const auto free = check_is_free(owner->back(), spool); !free) {
    connection.roll_back();
    return free.error();
  }
  const auto done =
      connection.run({{how == Release::again ? kAgain : kAssume, {spool}}, {"COMMIT"}});
  if (!done) return done.error();
  const auto& rows = done->front();
  if (rows.rows() == 0)
    return fail(Errc::not_found, "no record of the spool " + spool + " is on its way");
  std::vector<HandshakeId> ids;
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    const auto id = HandshakeId::parse(rows.text(i, 0));
    if (!id) return broken_row(connection);
    ids.push_back(*id);
  }
  std::ranges::sort(ids);
  return ids;
}

}  // namespace attestrd
