#include "queue/sqlite_rows.h"

#include <utility>

namespace attestrd {
namespace {

constexpr const char* kFindTombstone = "SELECT outcome FROM tombstone WHERE id = ?";
constexpr const char* kInsert =
    "INSERT INTO handshake (id, state, tag, submitted_at, expiry) SELECT ?1, 'polling', ?, ?, ? "
    "WHERE NOT EXISTS (SELECT 1 FROM tombstone WHERE id = ?1) ON CONFLICT DO NOTHING";
constexpr const char* kFind =
    "SELECT id, tag, submitted_at, expiry, polls, last_pending_at, outcome FROM handshake "
    "WHERE id = ?";
constexpr const char* kMerge =
    "UPDATE handshake SET tag = ?, expiry = ? WHERE id = ? AND state = 'polling'";
constexpr const char* kUpdateProgress =
    "UPDATE handshake SET polls = ?, last_pending_at = ? WHERE id = ? AND state = 'polling'";
constexpr const char* kStage =
    "UPDATE handshake SET state = 'staged', outcome = ?, reason = ?, finished_at = ?, "
    "length_bytes = ?, sha256 = ? WHERE id = ? AND state = 'polling'";
constexpr const char* kUnstage =
    "UPDATE handshake SET state = 'polling', outcome = NULL, reason = NULL, finished_at = NULL, "
    "length_bytes = NULL, sha256 = NULL WHERE id = ? AND state = 'staged'";
constexpr const char* kBury =
    "INSERT INTO tombstone (id, outcome, finished_at) SELECT id, outcome, finished_at "
    "FROM handshake WHERE id = ? AND state = 'staged'";
constexpr const char* kRemoveStaged = "DELETE FROM handshake WHERE id = ? AND state = 'staged'";
constexpr const char* kPurge =
    "DELETE FROM tombstone WHERE id IN "
    "(SELECT id FROM tombstone WHERE finished_at < ? ORDER BY finished_at LIMIT ?)";
constexpr const char* kAllPolling =
    "SELECT id, tag, submitted_at, expiry, polls, last_pending_at FROM handshake "
    "WHERE state = 'polling'";
constexpr const char* kAllStaged =
    "SELECT id, outcome, reason, finished_at, length_bytes, sha256 FROM handshake "
    "WHERE state = 'staged'";
constexpr const char* kCount =
    "SELECT count(*) FILTER (WHERE state = 'polling'), count(*) FILTER (WHERE state = 'staged'), "
    "min(submitted_at) FILTER (WHERE state = 'polling'), (SELECT count(*) FROM tombstone) "
    "FROM handshake";

}  // namespace

Result<void> SqliteRows::prepare() {
  const std::pair<SqliteStatement*, const char*> statements[] = {
      {&find_tombstone, kFindTombstone},
      {&insert, kInsert},
      {&find, kFind},
      {&merge, kMerge},
      {&update_progress, kUpdateProgress},
      {&stage, kStage},
      {&unstage, kUnstage},
      {&bury, kBury},
      {&remove_staged, kRemoveStaged},
      {&purge, kPurge},
      {&all_polling, kAllPolling},
      {&all_staged, kAllStaged},
      {&count, kCount},
  };
  for (const auto& [statement, sql] : statements) {
    auto prepared = database->prepare(sql);
    if (!prepared) return prepared.error();
    *statement = std::move(*prepared);
  }
  return {};
}

}  // namespace attestrd
