#include "queue/postgres/postgres_queue.h"

#include <algorithm>
#include <utility>

#include "queue/postgres/postgres_connection.h"
#include "queue/postgres/postgres_row_reader.h"
#include "queue/postgres/postgres_rows.h"

namespace attestrd {
namespace {

constexpr const char* kClocks =
    "SELECT number, id, mono_us, wall_us, shift_us, running_us FROM attestrd.boot "
    "WHERE node = $1::int ORDER BY number";
constexpr const char* kLearnt = "SELECT text FROM attestrd.learnt";
constexpr const char* kReserved =
    "SELECT day, requests FROM attestrd.reservation WHERE node = $1::int ORDER BY day DESC LIMIT 1";
constexpr const char* kPause = "SELECT operator_pause_since FROM attestrd.account";

}  // namespace

PostgresQueue::PostgresQueue(std::unique_ptr<PostgresConnection> connection, Membership member)
    : connection_(std::move(connection)), member_(std::move(member)) {
  for (const auto& [shelf, epoch] : member_.shelves) {
    known_[shelf] = epoch;
    shelves_.push_back(shelf);
  }
  unread_.push_back({member_.shelves, ""});
  round_ = member_.round;
}

PostgresQueue::~PostgresQueue() = default;

Result<PostgresResult> PostgresQueue::ask(PostgresStatement statement) {
  auto results = connection_->run({std::move(statement)});
  if (!results) return results.error();
  return std::move(results->front());
}

bool PostgresQueue::is_ours(const ReadRow& read) const {
  const auto known = known_.find(read.row.shelf);
  return known != known_.end() && known->second == read.epoch && read.instance == member_.instance;
}

Result<std::vector<StagedHandshake>> PostgresQueue::staged() {
  const auto rows = ask(read_staged(member_));
  if (!rows) return rows.error();
  std::vector<StagedHandshake> staged;
  for (std::size_t i = 0; i < rows->rows(); ++i) {
    auto read = read_row(*rows, i);
    if (!read) return broken_row(*connection_);
    auto& row = staged.emplace_back(std::move(*read->row.ending));
    row.signature = read->row.signature;
    row.attempt = read->row.handshake.attempt;
  }
  return staged;
}

Result<std::vector<std::optional<QueuedHandshake>>> PostgresQueue::find_polling(
    std::span<const HandshakeId> ids) {
  std::vector<std::optional<QueuedHandshake>> found;
  if (ids.empty()) return found;
  std::vector<HandshakeId> sorted(ids.begin(), ids.end());
  std::ranges::sort(sorted);
  sorted.erase(std::ranges::unique(sorted).begin(), sorted.end());
  const auto rows = ask(read_rows(member_, sorted));
  if (!rows) return rows.error();
  std::map<HandshakeId, QueuedHandshake> ours;
  for (std::size_t i = 0; i < rows->rows(); ++i) {
    auto read = read_row(*rows, i);
    if (!read) return broken_row(*connection_);
    if (read->row.state == RowState::polling && read->instance == member_.instance)
      ours.emplace(read->row.handshake.id, std::move(read->row.handshake));
  }
  for (const auto& id : ids) {
    const auto row = ours.find(id);
    found.push_back(row == ours.end() ? std::nullopt : std::optional(row->second));
  }
  return found;
}

Result<KnownHandshake> PostgresQueue::find(const HandshakeId& id) {
  const auto rows = ask(read_rows(member_, {&id, 1}));
  if (!rows) return rows.error();
  if (rows->rows() == 0) return KnownHandshake();
  auto read = read_row(*rows, 0);
  if (!read) return broken_row(*connection_);
  return known_handshake(std::move(*read));
}

Result<std::vector<std::optional<HandshakeId>>> PostgresQueue::find_by_signature(
    std::span<const SignedResult> results) {
  std::vector<std::optional<HandshakeId>> others;
  if (results.empty()) return others;
  const auto rows = ask(find_other_signatures(results));
  if (!rows) return rows.error();
  for (std::size_t i = 0; i < rows->rows(); ++i) {
    others.push_back(HandshakeId::parse(rows->text(i, 0)));
    if (!rows->is_null(i, 0) && !others.back()) return broken_row(*connection_);
  }
  return others;
}

Result<std::vector<HandshakeId>> PostgresQueue::find_ended(const EndedQuery& query) {
  const auto rows = ask(find_ended_ids(query));
  if (!rows) return rows.error();
  std::vector<HandshakeId> ids;
  for (std::size_t i = 0; i < rows->rows(); ++i) {
    const auto id = HandshakeId::parse(rows->text(i, 0));
    if (!id) return broken_row(*connection_);
    ids.push_back(*id);
  }
  return ids;
}

Result<QueueCounts> PostgresQueue::count() {
  const auto row = ask(count_rows());
  if (!row) return row.error();
  const auto at = [&row](int column) { return static_cast<std::uint64_t>(row->number(0, column)); };
  return QueueCounts{at(0), at(1), at(2), row->time(0, 3)};
}

Result<std::vector<BootClock>> PostgresQueue::clocks() {
  const auto rows = ask({kClocks, {std::to_string(member_.number)}});
  if (!rows) return rows.error();
  std::vector<BootClock> clocks;
  for (std::size_t i = 0; i < rows->rows(); ++i)
    clocks.push_back({rows->number(i, 0),
                      std::string(rows->text(i, 1)),
                      {Mono(Duration(rows->number(i, 2))), Wall(Duration(rows->number(i, 3)))},
                      Duration(rows->number(i, 4)),
                      Duration(rows->number(i, 5))});
  return clocks;
}

Result<std::optional<Hazard>> PostgresQueue::learnt() {
  const auto rows = ask({kLearnt});
  if (!rows) return rows.error();
  std::optional<Hazard> all;
  for (std::size_t i = 0; i < rows->rows(); ++i) {
    const auto one = Hazard::read(rows->text(i, 0));
    if (!one) continue;  // Only the schedule gets worse by it.
    if (!all) all.emplace();
    all->merge(one->delta_since(Hazard()));
  }
  return all;
}

Result<std::optional<DayRequests>> PostgresQueue::reserved() {
  const auto row = ask({kReserved, {std::to_string(member_.number)}});
  if (!row) return row.error();
  if (row->rows() == 0) return std::optional<DayRequests>();
  return std::optional(
      DayRequests{row->number(0, 0), static_cast<std::uint64_t>(row->number(0, 1))});
}

Result<OperatorPause> PostgresQueue::operator_pause() {
  const auto row = ask({kPause});
  if (!row) return row.error();
  if (row->rows() == 0) return OperatorPause();
  return OperatorPause{row->time(0, 0)};
}

}  // namespace attestrd
