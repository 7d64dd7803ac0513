#include "queue/postgres/operators/postgres_reader.h"

#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "queue/postgres/postgres_connection.h"
#include "queue/postgres/postgres_row_reader.h"

namespace attestrd {
namespace {

constexpr std::string_view kFrom = " FROM ";
static_assert(kRowColumns.ends_with(kFrom));

// No node, and so no clock of its own: see kRowColumns.
constexpr const char* kNoNode = "0";
constexpr const char* kNoSpool = "00000000-0000-0000-0000-000000000000";

// The columns that follow those of kRowColumns.
enum Column : int { kNode = kRowColumnCount, kSpool, kIsAlive, kIsWanted, kLooked };

const std::string kColumns =
    std::string(kRowColumns.substr(0, kRowColumns.size() - kFrom.size())) +
    ", n.name, coalesce(h.spool, n.spool), "
    "coalesce(n.alive AND (h.state <> 'polling' OR n.instance = s.instance), false)";
const std::string kClockAndShelf =
    "LEFT JOIN attestrd.shelf s ON s.shelf = h.shelf "
    "LEFT JOIN attestrd.boot b ON b.node = h.boot_node AND b.number = h.boot ";

const std::string kFind =
    kColumns + " FROM attestrd.handshake h " + kClockAndShelf +
    "LEFT JOIN attestrd.node n ON CASE WHEN h.state = 'polling' THEN n.number = s.node "
    "ELSE n.spool = h.spool END WHERE h.id = ANY($3::text[])";

/// Returns the statement for a page. The last row that it has looked at is returned in any case: it
/// tells where the next page begins.
std::string page_of(const std::string& rows, const std::string& order, const std::string& node,
                    const std::string& is_elsewhere) {
  return kColumns + ", w.is_wanted, h.looked FROM (SELECT p.*, row_number() OVER (ORDER BY " +
         order +
         ") AS place, count(*) OVER () AS looked FROM (SELECT * FROM attestrd.handshake WHERE " +
         rows + " ORDER BY " + order + " LIMIT $5::bigint) p) h " + kClockAndShelf +
         "LEFT JOIN attestrd.node n ON " + node +
         " CROSS JOIN LATERAL (SELECT ($6::text IS NULL OR h.tag = decode($6, 'hex')) AND "
         "($7::uuid IS NULL OR " +
         is_elsewhere +
         ") AS is_wanted) w WHERE w.is_wanted OR h.place = h.looked ORDER BY h.place";
}

const std::string kPollingPage =
    page_of("state = 'polling' AND (shelf, id) > ($3::int, $4::text COLLATE \"C\")", "shelf, id",
            "n.number = s.node", "s.instance IS DISTINCT FROM $7::uuid");
const std::string kStagedPage =
    page_of("state = 'staged' AND $3::int IS NOT NULL AND id > $4::text COLLATE \"C\"", "id",
            "n.spool = h.spool", "h.spool IS DISTINCT FROM $7::uuid");

constexpr const char* kCount =
    "SELECT n.name, sum(c.polling), sum(c.staged), min(c.oldest) FROM ("
    "SELECT s.node, count(*) AS polling, 0 AS staged, min(h.submitted_at + "
    "floor(coalesce(b.shift_us, 0) / 1000.0)::bigint) AS oldest FROM attestrd.handshake h "
    "LEFT JOIN attestrd.shelf s ON s.shelf = h.shelf "
    "LEFT JOIN attestrd.boot b ON b.node = h.boot_node AND b.number = h.boot "
    "WHERE h.state = 'polling' GROUP BY s.node UNION ALL "
    "SELECT o.number, 0, count(*), NULL FROM attestrd.handshake h "
    "LEFT JOIN attestrd.node o ON o.spool = h.spool WHERE h.state = 'staged' GROUP BY o.number"
    ") AS c LEFT JOIN attestrd.node n ON n.number = c.node GROUP BY n.name ORDER BY n.name";

RowNode read_node(const PostgresResult& rows, std::size_t i) {
  return {std::string(rows.text(i, kNode)), std::string(rows.text(i, kSpool)),
          rows.flag(i, kIsAlive)};
}

PostgresValue or_null(const std::string& text) {
  return text.empty() ? PostgresValue() : PostgresValue(text);
}

}  // namespace

PostgresReader::PostgresReader(std::unique_ptr<PostgresConnection> connection)
    : connection_(std::move(connection)) {}

PostgresReader::PostgresReader(PostgresReader&& other) noexcept = default;
PostgresReader::~PostgresReader() = default;

Result<LocatedHandshake> PostgresReader::find(const HandshakeId& id) {
  auto found = find({&id, 1});
  if (!found) return found.error();
  return std::move(found->front());
}

Result<std::vector<LocatedHandshake>> PostgresReader::find(std::span<const HandshakeId> ids) {
  PostgresArray array;
  for (const auto& id : ids) array.add(id.view());
  const auto found = connection_->run({{kFind.c_str(), {kNoNode, kNoSpool, array.take()}}});
  if (!found) return found.error();
  const auto& rows = found->front();
  std::map<HandshakeId, LocatedHandshake> known;
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    auto read = read_row(rows, i);
    if (!read) return broken_row(*connection_);
    const auto id = read->row.handshake.id;
    const auto reason = read->row.ending ? read->row.ending->reason : Reason::none;
    known.emplace(id,
                  LocatedHandshake{known_handshake(std::move(*read)), read_node(rows, i), reason});
  }
  std::vector<LocatedHandshake> all;
  for (const auto& id : ids) {
    const auto row = known.find(id);
    all.push_back(row == known.end() ? LocatedHandshake() : row->second);
  }
  return all;
}

Result<RowsPage> PostgresReader::page(const RowsQuery& query) {
  const auto& [is_staged, shelf, id] = query.after;
  const auto& own = is_staged ? query.without_spool : query.without_instance;
  const auto found = connection_->run(
      {{(is_staged ? kStagedPage : kPollingPage).c_str(),
        {kNoNode, kNoSpool, std::to_string(shelf), id, std::to_string(query.max_rows),
         query.tag ? PostgresValue(hex_of(*query.tag)) : std::nullopt, or_null(own)}}});
  if (!found) return found.error();
  const auto& rows = found->front();
  RowsPage page;
  if (!is_staged) page.next = RowPlace{.is_staged = true};
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    auto read = read_row(rows, i);
    if (!read) return broken_row(*connection_);
    const auto looked = static_cast<std::size_t>(rows.number(i, kLooked));
    if (i + 1 == rows.rows() && looked == query.max_rows)
      page.next = RowPlace{is_staged, read->row.shelf, std::string(read->row.handshake.id.view())};
    if (rows.flag(i, kIsWanted))
      page.rows.push_back({{std::move(read->row.handshake), is_staged}, read_node(rows, i)});
  }
  return page;
}

Result<std::vector<NodeRows>> PostgresReader::count() {
  const auto found = connection_->run({{kCount}});
  if (!found) return found.error();
  const auto& rows = found->front();
  std::vector<NodeRows> nodes;
  for (std::size_t i = 0; i < rows.rows(); ++i)
    nodes.push_back({std::string(rows.text(i, 0)), static_cast<std::uint64_t>(rows.number(i, 1)),
                     static_cast<std::uint64_t>(rows.number(i, 2)), rows.time(i, 3)});
  return nodes;
}

}  // namespace attestrd
