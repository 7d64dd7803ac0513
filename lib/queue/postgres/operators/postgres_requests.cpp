#include "queue/postgres/operators/postgres_requests.h"

#include <utility>

#include "queue/postgres/postgres_connection.h"
#include "queue/postgres/postgres_nodes.h"
#include "queue/postgres/postgres_row_reader.h"

namespace attestrd {
namespace {

constexpr const char* kPlace =
    "INSERT INTO attestrd.request (id, verb, attempt, at) "
    "SELECT h.id, $2, h.attempt, $3::bigint FROM unnest($1::text[]) WITH ORDINALITY AS u(id, "
    "place) "
    "JOIN attestrd.handshake h ON h.id = u.id AND h.state = 'polling' ORDER BY u.place "
    "RETURNING number, id, attempt";
constexpr const char* kFind =
    "SELECT number FROM attestrd.request WHERE number = ANY($1::bigint[]) ORDER BY number";
// A handshake that was forgotten meanwhile has no shelf: any node removes its requests. The bound
// is that of the ids of one command.
constexpr const char* kRead =
    "SELECT r.number, r.id, r.verb, coalesce(h.state = 'polling' AND h.attempt = r.attempt, false) "
    "FROM attestrd.request r LEFT JOIN attestrd.handshake h ON h.id = r.id "
    "LEFT JOIN attestrd.shelf s ON s.shelf = h.shelf "
    "WHERE s.instance = $1::uuid OR s.shelf IS NULL ORDER BY r.number LIMIT 4096";
constexpr const char* kRemove = "DELETE FROM attestrd.request WHERE number = ANY($1::bigint[])";

std::string array_of(std::span<const std::int64_t> numbers) {
  PostgresArray array;
  for (const auto number : numbers) array.add(number);
  return array.take();
}

}  // namespace

Result<std::vector<PlacedRequest>> place_requests(PostgresConnection& connection, RequestVerb verb,
                                                  std::span<const HandshakeId> ids, Wall now) {
  PostgresArray array;
  for (const auto& id : ids) array.add(id.view());
  auto pipeline = begin_transaction(connection);
  const auto placed_at = pipeline.size();
  pipeline.push_back(
      {kPlace, {array.take(), std::string(name_of(verb)), std::to_string(milliseconds_of(now))}});
  pipeline.push_back({"COMMIT"});
  const auto done = connection.run(pipeline);
  if (!done) return done.error();
  const auto& rows = (*done)[placed_at];
  std::vector<PlacedRequest> placed;
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    const auto id = HandshakeId::parse(rows.text(i, 1));
    if (!id) return broken_row(connection);
    placed.push_back({rows.number(i, 0), *id, static_cast<std::uint32_t>(rows.number(i, 2))});
  }
  return placed;
}

Result<std::vector<std::int64_t>> find_requests(PostgresConnection& connection,
                                                std::span<const std::int64_t> numbers) {
  const auto found = connection.run({{kFind, {array_of(numbers)}}});
  if (!found) return found.error();
  std::vector<std::int64_t> left;
  for (std::size_t i = 0; i < found->front().rows(); ++i)
    left.push_back(found->front().number(i, 0));
  return left;
}

PostgresStatement read_requests(const std::string& instance) { return {kRead, {instance}}; }

Result<std::vector<NodeRequest>> requests_in(const PostgresResult& rows,
                                             const PostgresConnection& connection) {
  std::vector<NodeRequest> requests;
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    const auto id = HandshakeId::parse(rows.text(i, 1));
    const auto verb = request_verb(rows.text(i, 2));
    if (!id || !verb) return broken_row(connection);
    requests.push_back({rows.number(i, 0), *id, *verb, rows.flag(i, 3)});
  }
  return requests;
}

PostgresStatement remove_requests(std::span<const std::int64_t> numbers) {
  return {kRemove, {array_of(numbers)}};
}

}  // namespace attestrd
