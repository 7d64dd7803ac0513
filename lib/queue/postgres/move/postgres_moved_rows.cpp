#include "queue/postgres/move/postgres_moved_rows.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <string>
#include <string_view>
#include <variant>

#include "handshake/handshake_names.h"
#include "queue/postgres/batch_decisions.h"
#include "queue/postgres/postgres_row_reader.h"

namespace attestrd {
namespace {

constexpr const char* kPutRows =
    "INSERT INTO attestrd.handshake (id, shelf, state, tag, submitted_at, expiry, boot_node, boot, "
    "polls, last_pending_at, attempt, is_held, signature, spool, outcome, reason, finished_at, "
    "length_bytes, sha256, readmitted_from, diverted_to, ended_node, running_ms) "
    "SELECT u.id, u.shelf, u.state, decode(u.tag, 'hex'), u.submitted_at, u.expiry, $1::int, "
    "u.boot, u.polls, u.last_pending_at, u.attempt, u.is_held, decode(u.signature, 'hex'), "
    "CASE WHEN u.state = 'staged' THEN $2::uuid END, u.outcome, u.reason, u.finished_at, "
    "u.length_bytes, decode(u.sha256, 'hex'), decode(u.readmitted_from, 'hex'), "
    "decode(u.diverted_to, 'hex'), CASE WHEN u.state = 'done' THEN $1::int END, u.running_ms "
    "FROM unnest($3::text[], $4::int[], $5::text[], $6::text[], $7::bigint[], $8::bigint[], "
    "$9::bigint[], $10::bigint[], $11::bigint[], $12::bigint[], $13::boolean[], $14::text[], "
    "$15::text[], $16::text[], $17::bigint[], $18::bigint[], $19::text[], $20::text[], "
    "$21::text[], $22::bigint[]) AS u(id, shelf, state, tag, submitted_at, expiry, boot, polls, "
    "last_pending_at, attempt, is_held, signature, outcome, reason, finished_at, length_bytes, "
    "sha256, readmitted_from, diverted_to, running_ms) "
    "ON CONFLICT (id) DO NOTHING RETURNING id";

std::string_view text_of(std::span<const unsigned char> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

void add_signature(PostgresArray& column, const std::optional<SignaturePrefix>& signature) {
  if (signature)
    column.add_hex(text_of(*signature));
  else
    column.add_null();
}

/// The columns of kPutRows in the order of its arrays.
class RowColumns {
 public:
  RowColumns(const MovedClocks& clocks, const BatchDecisions& shelves)
      : clocks_(clocks), shelves_(shelves) {}

  void add(const MovedRow& row) {
    const auto& [any, again, signature] = row.saved;
    if (const auto* const queued = std::get_if<QueuedHandshake>(&any)) {
      add_pending(*queued, RowState::polling, signature);
      for (std::size_t i = 12; i < columns_.size(); ++i) columns_[i].add_null();
    } else if (const auto* const ended = std::get_if<Tombstone>(&any)) {
      add_ended(*ended, row.running);
    } else {
      const auto& staged = std::get<StagedHandshake>(any);
      add_pending(*again, RowState::staged, signature);
      columns_[12].add(attestrd::name_of(staged.outcome));
      columns_[13].add(attestrd::name_of(staged.reason));
      columns_[14].add(std::optional(staged.finished_at));
      columns_[15].add(static_cast<std::int64_t>(staged.record.length_bytes));
      columns_[16].add_hex(text_of(staged.record.sha256));
      columns_[17].add_hex(staged.readmitted_from);
      columns_[18].add_null();
      columns_[19].add_null();
    }
  }

  void move_to(std::vector<PostgresValue>& parameters) {
    for (auto& column : columns_) parameters.emplace_back(column.take());
  }

 private:
  void add_pending(const QueuedHandshake& row, RowState state,
                   const std::optional<SignaturePrefix>& signature) {
    columns_[0].add(row.id.view());
    columns_[1].add(shelves_.shelf_for(row.id));
    columns_[2].add(attestrd::name_of(state));
    columns_[3].add_hex(row.tag);
    columns_[4].add(std::optional(row.submitted_at - shift_of(row.boot)));
    columns_[5].add(row.expiry);
    columns_[6].add(row.boot == 0 ? row.boot : row.boot + clocks_.boots_before);
    columns_[7].add(std::int64_t{row.polls});
    columns_[8].add(row.last_pending_at);
    columns_[9].add(std::int64_t{row.attempt});
    columns_[10].add(row.is_held);
    add_signature(columns_[11], signature);
  }

  void add_ended(const Tombstone& ended, Duration running) {
    QueuedHandshake row{ended.id, ended.tag, ended.finished_at, {}, {}};
    row.attempt = ended.attempt;
    add_pending(row, RowState::done, ended.signature);
    columns_[12].add(attestrd::name_of(ended.outcome));
    columns_[13].add_null();
    columns_[14].add(std::optional(ended.finished_at));
    for (std::size_t i = 15; i < 18; ++i) columns_[i].add_null();
    columns_[18].add_hex(ended.diverted_to);
    columns_[19].add(milliseconds_of(clocks_.running_before + running));
  }

  Duration shift_of(std::int64_t boot) const {
    const auto clock = std::ranges::find(clocks_.moved, boot, &BootClock::number);
    if (clock == clocks_.moved.end()) return {};
    return std::chrono::floor<std::chrono::milliseconds>(clock->shift);
  }

  std::array<PostgresArray, 20> columns_;
  const MovedClocks& clocks_;
  const BatchDecisions& shelves_;
};

}  // namespace

PostgresStatement insert_moved_rows(const Membership& member, const MovedClocks& clocks,
                                    std::span<const MovedRow> rows) {
  std::vector<std::int64_t> shelves;
  for (const auto& lease : member.shelves) shelves.push_back(lease.shelf);
  const BatchDecisions decisions(shelves, 0, true);
  RowColumns columns(clocks, decisions);
  for (const auto& row : rows) columns.add(row);
  PostgresStatement insert{kPutRows, {std::to_string(member.number), member.spool}};
  columns.move_to(insert.parameters);
  return insert;
}

std::vector<HandshakeId> not_inserted(std::span<const MovedRow> rows,
                                      const PostgresResult& inserted) {
  std::vector<std::string_view> done;
  for (std::size_t i = 0; i < inserted.rows(); ++i) done.push_back(inserted.text(i, 0));
  std::ranges::sort(done);
  std::vector<HandshakeId> others;
  for (const auto& row : rows) {
    if (std::holds_alternative<Tombstone>(row.saved.row)) continue;
    const auto& id =
        std::visit([](const auto& any) -> const HandshakeId& { return any.id; }, row.saved.row);
    if (!std::ranges::binary_search(done, id.view())) others.push_back(id);
  }
  return others;
}

}  // namespace attestrd
