#include "queue/postgres/account/postgres_account.h"

#include "queue/postgres/postgres_connection.h"
#include "queue/postgres/postgres_nodes.h"

namespace attestrd {
namespace {

// Without a reason the own pause ends. With one, it begins, or goes on for another reason, or is
// taken up from a process that does not live.
constexpr const char* kWish =
    "UPDATE attestrd.account SET pause_no = pause_no + 1, reason = $3, "
    "canary = CASE WHEN $3::text IS NULL THEN NULL ELSE $1::uuid END, "
    "paused_since = CASE WHEN $3::text IS NULL THEN NULL WHEN reason IS NULL THEN "
    "floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint ELSE paused_since END "
    "WHERE pause_no = $2::bigint AND CASE WHEN $3::text IS NULL THEN canary = $1::uuid "
    "ELSE reason IS NULL OR (canary = $1::uuid AND reason <> $3) OR "
    "NOT EXISTS (SELECT FROM attestrd.node WHERE instance = canary AND alive) END "
    "AND EXISTS (SELECT FROM attestrd.node WHERE instance = $1::uuid AND alive)";

constexpr const char* kClaim = "UPDATE attestrd.account SET identity = $1 WHERE identity IS NULL";
constexpr const char* kFind = "SELECT identity FROM attestrd.account";
constexpr const char* kForget =
    "UPDATE attestrd.account SET identity = NULL "
    "WHERE NOT EXISTS (SELECT FROM attestrd.node WHERE alive) RETURNING line";

}  // namespace

PostgresStatement wish_pause(const std::string& instance, const PauseWish& wish) {
  return {kWish,
          {instance, std::to_string(wish.seen),
           wish.reason.empty() ? std::nullopt : PostgresValue(wish.reason)}};
}

Result<std::string> claim_account(PostgresConnection& connection, const std::string& identity) {
  auto pipeline = begin_transaction(connection);
  pipeline.push_back({kClaim, {identity}});
  pipeline.push_back({kFind});
  pipeline.push_back({"COMMIT"});
  const auto claimed = connection.run(pipeline);
  if (!claimed) return claimed.error();
  const auto& row = (*claimed)[claimed->size() - 2];
  return row.rows() == 0 ? identity : std::string(row.text(0, 0));
}

Result<std::optional<std::string>> find_account(PostgresConnection& connection) {
  const auto found = connection.run({{kFind}});
  if (!found) return found.error();
  const auto& row = found->front();
  if (row.rows() == 0 || row.is_null(0, 0)) return std::optional<std::string>();
  return std::optional<std::string>(row.text(0, 0));
}

Result<void> forget_account(PostgresConnection& connection) {
  auto pipeline = begin_transaction(connection);
  pipeline.push_back({kForget});
  pipeline.push_back({"COMMIT"});
  const auto forgotten = connection.run(pipeline);
  if (!forgotten) return forgotten.error();
  if ((*forgotten)[forgotten->size() - 2].rows() == 1) return {};
  return fail(Errc::unavailable,
              "a node of the fleet lives, and polls for the account: stop all daemons first");
}

}  // namespace attestrd
