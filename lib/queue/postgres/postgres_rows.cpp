#include "queue/postgres/postgres_rows.h"

#include "queue/postgres/postgres_row_reader.h"

namespace attestrd {
namespace {

std::string from_columns(const std::string& tables) { return std::string(kRowColumns) + tables; }

const std::string kRowsWithJoins =
    "attestrd.handshake h LEFT JOIN attestrd.shelf s ON s.shelf = h.shelf "
    "LEFT JOIN attestrd.boot b ON b.node = h.boot_node AND b.number = h.boot ";

const std::string kReadRows = from_columns(kRowsWithJoins + "WHERE h.id = ANY($3::text[])");

const std::string kReadShelves = from_columns(
    "unnest($3::int[], $4::bigint[]) AS u(shelf, epoch) "
    "JOIN attestrd.shelf s ON s.shelf = u.shelf AND s.epoch = u.epoch AND s.instance = $5::uuid "
    "CROSS JOIN LATERAL (SELECT * FROM attestrd.handshake "
    "WHERE shelf = u.shelf AND state = 'polling' AND id > $6::text COLLATE \"C\" "
    "ORDER BY id LIMIT $7::bigint) h "
    "LEFT JOIN attestrd.boot b ON b.node = h.boot_node AND b.number = h.boot ORDER BY h.id");

const std::string kReadUnclaimed = from_columns(
    "attestrd.handshake h JOIN attestrd.shelf s ON s.shelf = h.shelf AND s.instance = $3::uuid "
    "LEFT JOIN attestrd.boot b ON b.node = h.boot_node AND b.number = h.boot "
    "WHERE h.is_unclaimed AND h.state = 'polling' ORDER BY h.id LIMIT $4::bigint");
constexpr const char* kNoteClaimed =
    "UPDATE attestrd.handshake h SET is_unclaimed = false, revision = h.revision + 1 "
    "FROM unnest($1::text[]) AS u(id), attestrd.shelf s WHERE h.id = u.id AND h.is_unclaimed "
    "AND h.state = 'polling' AND s.shelf = h.shelf AND s.instance = $2::uuid";

constexpr const char* kReadIdsOf =
    "SELECT id FROM attestrd.handshake WHERE shelf = ANY($1::int[]) AND state = 'polling'";
const std::string kReadStaged =
    from_columns(kRowsWithJoins + "WHERE h.state = 'staged' AND h.spool = $2::uuid");
constexpr const char* kFindOthers =
    "SELECT h.id FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS u(id, signature, number) "
    "LEFT JOIN LATERAL (SELECT id FROM attestrd.handshake "
    "WHERE signature = decode(u.signature, 'hex') AND id <> u.id LIMIT 1) h ON true "
    "ORDER BY u.number";
// The comparison with '' lets the partial index serve the query.
constexpr const char* kEndedByTag =
    "SELECT id FROM attestrd.handshake WHERE state = 'done' AND tag <> '' "
    "AND tag = decode($1, 'hex') AND id > $2 ORDER BY id LIMIT $3::bigint";
constexpr const char* kCount =
    "SELECT count(*) FILTER (WHERE state = 'polling'), count(*) FILTER (WHERE state = 'staged'), "
    "count(*) FILTER (WHERE state = 'done'), min(submitted_at + "
    "floor(coalesce(shift_us, 0) / 1000.0)::bigint) FILTER (WHERE state = 'polling') "
    "FROM attestrd.handshake h "
    "LEFT JOIN attestrd.boot b ON b.node = h.boot_node AND b.number = h.boot";

std::string ids_of(std::span<const HandshakeId> ids) {
  PostgresArray array;
  for (const auto& id : ids) array.add(id.view());
  return array.take();
}

std::string_view text_of(std::span<const unsigned char> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

PostgresStatement read_rows(const Membership& member, std::span<const HandshakeId> ids) {
  return {kReadRows.c_str(), {std::to_string(member.number), member.spool, ids_of(ids)}};
}

PostgresStatement read_shelves(const Membership& member, std::span<const ShelfLease> shelves,
                               std::string_view after, std::size_t most) {
  PostgresArray numbers, epochs;
  for (const auto& [shelf, epoch] : shelves) {
    numbers.add(shelf);
    epochs.add(epoch);
  }
  return {kReadShelves.c_str(),
          {std::to_string(member.number), member.spool, numbers.take(), epochs.take(),
           member.instance, std::string(after), std::to_string(most)}};
}

PostgresStatement read_unclaimed(const Membership& member, std::size_t most) {
  return {kReadUnclaimed.c_str(),
          {std::to_string(member.number), member.spool, member.instance, std::to_string(most)}};
}

PostgresStatement note_claimed(const Membership& member, std::span<const HandshakeId> ids) {
  return {kNoteClaimed, {ids_of(ids), member.instance}};
}

PostgresStatement read_ids_of(std::span<const std::int64_t> shelves) {
  PostgresArray numbers;
  for (const auto shelf : shelves) numbers.add(shelf);
  return {kReadIdsOf, {numbers.take()}};
}

PostgresStatement read_staged(const Membership& member) {
  return {kReadStaged.c_str(), {std::to_string(member.number), member.spool}};
}

PostgresStatement find_other_signatures(std::span<const SignedResult> results) {
  PostgresArray ids, signatures;
  for (const auto& result : results) {
    ids.add(result.id.view());
    signatures.add_hex(text_of(result.signature));
  }
  return {kFindOthers, {ids.take(), signatures.take()}};
}

PostgresStatement find_ended_ids(const EndedQuery& query) {
  return {kEndedByTag, {hex_of(query.tag), query.after, std::to_string(query.max_ids)}};
}

PostgresStatement count_rows() { return {kCount}; }

}  // namespace attestrd
