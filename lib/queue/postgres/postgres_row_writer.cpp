#include "queue/postgres/postgres_row_writer.h"

#include <array>

#include "queue/postgres/postgres_row_reader.h"

namespace attestrd {
namespace {

// The shift of the boot, in milliseconds, by which a time of submission is stored.
constexpr const char* kInsertRows =
    "INSERT INTO attestrd.handshake "
    "(id, shelf, state, tag, submitted_at, expiry, boot_node, boot, is_unclaimed) "
    "SELECT u.id, u.shelf, 'polling', decode(u.tag, 'hex'), $5::bigint - "
    "coalesce((SELECT floor(shift_us / 1000.0)::bigint FROM attestrd.boot "
    "WHERE node = $6::int AND number = $7::bigint), 0), u.expiry, $6::int, $7::bigint, "
    "$8::boolean FROM unnest($1::text[], $2::int[], $3::text[], $4::bigint[]) "
    "AS u(id, shelf, tag, expiry) ON CONFLICT (id) DO NOTHING RETURNING id";

constexpr const char* kUpdateRows =
    "WITH done AS (UPDATE attestrd.handshake h SET revision = h.revision + 1, state = u.state, "
    "shelf = u.shelf, is_unclaimed = u.is_unclaimed, expiry = u.expiry, polls = u.polls, "
    "last_pending_at = u.last_pending_at, attempt = u.attempt, is_held = u.is_held, "
    "signature = decode(u.signature, 'hex'), outcome = u.outcome, reason = u.reason, "
    "finished_at = u.finished_at, length_bytes = u.length_bytes, "
    "sha256 = decode(u.sha256, 'hex'), readmitted_from = decode(u.readmitted_from, 'hex'), "
    "diverted_to = decode(u.diverted_to, 'hex'), "
    "spool = CASE WHEN u.state = 'polling' THEN NULL WHEN u.is_ours THEN $4::uuid "
    "ELSE h.spool END, "
    "ended_node = CASE WHEN u.state <> 'done' THEN NULL WHEN u.is_buried THEN $1::int "
    "ELSE h.ended_node END, "
    "running_ms = CASE WHEN u.state <> 'done' THEN NULL WHEN u.is_buried THEN $2::bigint "
    "ELSE h.running_ms END, "
    "submitted_at = CASE WHEN u.taken_up_at IS NULL THEN h.submitted_at ELSE u.taken_up_at - "
    "coalesce((SELECT floor(b.shift_us / 1000.0)::bigint FROM attestrd.boot b "
    "WHERE b.node = $1::int AND b.number = u.boot), 0) END, "
    "boot_node = CASE WHEN u.taken_up_at IS NULL THEN h.boot_node ELSE $1::int END, "
    "boot = CASE WHEN u.taken_up_at IS NULL THEN h.boot ELSE u.boot END "
    "FROM unnest($5::text[], $6::bigint[], $7::text[], $8::int[], $9::boolean[], $10::bigint[], "
    "$11::bigint[], $12::bigint[], $13::bigint[], $14::boolean[], $15::text[], $16::text[], "
    "$17::text[], $18::bigint[], $19::bigint[], $20::text[], $21::text[], $22::text[], "
    "$23::boolean[], $24::boolean[], $25::bigint[], $26::bigint[]) AS u(id, revision, state, "
    "shelf, is_unclaimed, expiry, polls, last_pending_at, attempt, is_held, signature, outcome, "
    "reason, finished_at, length_bytes, sha256, readmitted_from, diverted_to, is_ours, is_buried, "
    "taken_up_at, boot) WHERE h.id = u.id AND h.revision = u.revision RETURNING 1) "
    "SELECT 1 / CASE WHEN count(*) = $3::bigint THEN 1 ELSE 0 END FROM done";

constexpr const char* kAdopt =
    "UPDATE attestrd.handshake SET ended_node = $1::int, running_ms = $2::bigint WHERE id IN "
    "(SELECT h.id FROM attestrd.node n JOIN attestrd.handshake h ON h.ended_node = n.number "
    "WHERE NOT n.alive AND h.state = 'done' AND n.number <> $1::int LIMIT $3::bigint)";
constexpr const char* kPurge =
    "DELETE FROM attestrd.handshake WHERE id IN (SELECT id FROM attestrd.handshake "
    "WHERE state = 'done' AND ended_node = $1::int AND running_ms < $2::bigint "
    "ORDER BY running_ms, id LIMIT $3::bigint)";

std::string_view text_of(std::span<const unsigned char> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// Appends the columns of the update in the order of its arrays.
class UpdateColumns {
 public:
  void add(const SharedRow& row) {
    const auto& handshake = row.handshake;
    columns_[0].add(handshake.id.view());
    columns_[1].add(row.revision);
    columns_[2].add(name_of(row.state));
    columns_[3].add(row.shelf);
    columns_[4].add(row.is_unclaimed);
    columns_[5].add(handshake.expiry);
    columns_[6].add(std::int64_t{handshake.polls});
    columns_[7].add(handshake.last_pending_at);
    columns_[8].add(std::int64_t{handshake.attempt});
    columns_[9].add(handshake.is_held);
    if (row.signature)
      columns_[10].add_hex(text_of(*row.signature));
    else
      columns_[10].add_null();
    add_ending(row);
    columns_[18].add(row.is_in_our_spool);
    columns_[19].add(row.is_buried);
    columns_[20].add(row.is_taken_up ? std::optional(handshake.submitted_at) : std::nullopt);
    columns_[21].add(handshake.boot);
  }

  void move_to(std::vector<PostgresValue>& parameters) {
    for (auto& column : columns_) parameters.emplace_back(column.take());
  }

 private:
  void add_ending(const SharedRow& row) {
    if (!row.ending) {
      for (std::size_t i = 11; i < 18; ++i) columns_[i].add_null();
      return;
    }
    const auto& ending = *row.ending;
    columns_[11].add(name_of(ending.outcome));
    columns_[12].add(name_of(ending.reason));
    columns_[13].add(std::optional(ending.finished_at));
    columns_[14].add(static_cast<std::int64_t>(ending.record.length_bytes));
    columns_[15].add_hex(text_of(ending.record.sha256));
    columns_[16].add_hex(ending.readmitted_from);
    columns_[17].add_hex(row.diverted_to);
  }

  std::array<PostgresArray, 22> columns_;
};

}  // namespace

PostgresStatement insert_rows(const Membership& member, const QueueBatch& batch, Wall now,
                              std::span<const Submission* const> submissions,
                              const BatchDecisions& shelves) {
  PostgresArray ids, numbers, tags, expiries;
  for (const auto* const submission : submissions) {
    ids.add(submission->id.view());
    numbers.add(shelves.shelf_for(submission->id));
    tags.add_hex(submission->tag);
    expiries.add(submission->expiry);
  }
  return {kInsertRows,
          {ids.take(), numbers.take(), tags.take(), expiries.take(),
           std::to_string(milliseconds_of(now)), std::to_string(member.number),
           std::to_string(batch.boot), shelves.has_shelf() ? "f" : "t"}};
}

PostgresStatement update_rows(const Membership& member, const QueueBatch& batch,
                              const std::vector<const SharedRow*>& rows) {
  UpdateColumns columns;
  for (const auto* const row : rows) columns.add(*row);
  PostgresStatement update{
      kUpdateRows,
      {std::to_string(member.number), std::to_string(milliseconds_of(batch.running)),
       std::to_string(rows.size()), member.spool}};
  columns.move_to(update.parameters);
  return update;
}

PostgresPipeline purge_rows(const Membership& member, const Purge& purge, Duration running) {
  const auto node = std::to_string(member.number);
  const auto most = std::to_string(purge.max_rows);
  return {{kAdopt, {node, std::to_string(milliseconds_of(running)), most}},
          {kPurge, {node, std::to_string(milliseconds_of(purge.ended_before)), most}}};
}

}  // namespace attestrd
