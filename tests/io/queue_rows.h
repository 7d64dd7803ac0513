#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/check.h"
#include "queue/queue.h"

// Helper functions for the tests of the queue file.

namespace attestrd::test {

inline HandshakeId id_of(std::string_view text) {
  const auto id = HandshakeId::parse(text);
  ATTESTRD_CHECK(id.has_value());
  return *id;
}

inline const Wall kNow{std::chrono::seconds(1'700'000'000)};

inline Stage stage(std::string_view id) {
  return {{id_of(id), Outcome::failed, Reason::expired, kNow, fingerprint_of("record")}};
}

inline Done done(std::string_view id) { return {id_of(id), Outcome::failed}; }

inline Submission submission(std::string_view id) { return {id_of(id), "", {}}; }

/// SQL that turns an empty or present file of this version into one of version 5.
inline constexpr const char* kToVersion5 =
    "DROP TABLE pause; DROP INDEX tombstone_tag; ALTER TABLE handshake DROP COLUMN is_held;"
    "PRAGMA user_version = 5;";
/// SQL that turns an empty or present file of this version into one of version 4.
inline constexpr const char* kToVersion4 =
    "DROP TABLE pause; DROP INDEX tombstone_tag; ALTER TABLE handshake DROP COLUMN is_held;"
    "DROP INDEX handshake_signature; DROP INDEX tombstone_signature;"
    "ALTER TABLE handshake DROP COLUMN attempt; ALTER TABLE handshake DROP COLUMN signature;"
    "ALTER TABLE handshake DROP COLUMN readmitted_from;"
    "ALTER TABLE tombstone DROP COLUMN tag; ALTER TABLE tombstone DROP COLUMN attempt;"
    "ALTER TABLE tombstone DROP COLUMN signature; ALTER TABLE tombstone DROP COLUMN diverted_to;"
    "PRAGMA user_version = 4;";
/// SQL that turns a file of version 4 into one of version 3.
inline constexpr const char* kFrom4To3 =
    "DROP TABLE boot; DROP INDEX tombstone_running; ALTER TABLE handshake DROP COLUMN boot;"
    "ALTER TABLE tombstone DROP COLUMN running_ms;"
    "CREATE INDEX tombstone_finished_at ON tombstone (finished_at); PRAGMA user_version = 3;";

inline Result<QueueBatchResult> change(Queue& queue, std::vector<RowChange> changes) {
  QueueBatch batch;
  batch.changes = std::move(changes);
  return queue.write(batch, kNow);
}

inline Result<QueueBatchResult> accept(Queue& queue, const std::vector<std::string>& ids) {
  QueueBatch batch;
  for (const auto& id : ids) batch.submissions.push_back(submission(id));
  return queue.write(batch, kNow);
}

inline Result<QueueBatchResult> reserve(Queue& queue, DayRequests requests) {
  QueueBatch batch;
  batch.reserve = requests;
  return queue.write(batch, kNow);
}

inline Result<QueueBatchResult> pause(Queue& queue, OperatorPause pause) {
  QueueBatch batch;
  batch.pause = pause;
  return queue.write(batch, kNow);
}

inline Result<QueueBatchResult> save_clock(Queue& queue) {
  QueueBatch batch;
  batch.clocks = {{1, "boot", {}, {}, {}}};
  return queue.write(batch, kNow);
}

inline Result<QueueBatchResult> learn(Queue& queue) {
  Hazard current;
  current.saw_done(std::chrono::seconds(10), std::chrono::seconds(20));
  QueueBatch batch;
  batch.learnt = current.delta_since(Hazard());
  return queue.write(batch, kNow);
}

inline Result<std::optional<QueuedHandshake>> find_polling(Queue& queue, std::string_view id) {
  const std::vector<HandshakeId> ids{id_of(id)};
  auto rows = queue.find_polling(ids);
  if (!rows) return rows.error();
  return rows->front();
}

/// Writes DSpolling, DSstaged and DSended in the states that their names give.
inline Result<void> write_rows(Queue& queue) {
  if (const auto done_it = accept(queue, {"DSpolling", "DSstaged", "DSended"}); !done_it)
    return done_it.error();
  const auto changed = change(queue, {stage("DSstaged"), stage("DSended"), done("DSended")});
  return changed ? Result<void>() : changed.error();
}

}  // namespace attestrd::test
