#pragma once

#include <cstdint>

namespace attestrd::schema {

/// The mark of an attestrd database in the header of the file (`PRAGMA application_id`): "Attr" in
/// ASCII.
inline constexpr std::int32_t kApplicationId = 0x41747472;

/// The version of the file (`PRAGMA user_version`), raised whenever an older attestrd could misread
/// it.
inline constexpr std::int32_t kVersion = 7;

/// The tables of version 1. Times are unix times in milliseconds. The columns from `outcome` on are
/// null until the row is staged. No column holds any part of an answer.
inline constexpr const char* kCreate = R"sql(
CREATE TABLE handshake (
  id              TEXT PRIMARY KEY NOT NULL,
  state           TEXT NOT NULL CHECK (state IN ('polling', 'staged')),
  tag             TEXT NOT NULL,
  submitted_at    INTEGER NOT NULL,
  expiry          INTEGER,
  polls           INTEGER NOT NULL DEFAULT 0,
  last_pending_at INTEGER,
  outcome         TEXT,
  reason          TEXT,
  finished_at     INTEGER,
  length_bytes    INTEGER,
  sha256          BLOB
) STRICT, WITHOUT ROWID;

-- So that recovery need not walk a million rows to find the few.
CREATE INDEX handshake_staged ON handshake (id) WHERE state = 'staged';

CREATE TABLE tombstone (
  id          TEXT PRIMARY KEY NOT NULL,
  outcome     TEXT NOT NULL,
  finished_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX tombstone_finished_at ON tombstone (finished_at);
)sql";

/// The table that version 2 added: one row with the learnt hazard, as Hazard::write() writes it.
inline constexpr const char* kCreateLearnt = R"sql(
CREATE TABLE learnt (
  what TEXT PRIMARY KEY NOT NULL CHECK (what = 'hazard'),
  text TEXT NOT NULL
) STRICT, WITHOUT ROWID;
)sql";

/// The table that version 3 added: one row with the number of requests of a day that are reserved.
inline constexpr const char* kCreateReserved = R"sql(
CREATE TABLE reserved (
  line     INTEGER PRIMARY KEY NOT NULL CHECK (line = 1),
  day      INTEGER NOT NULL,
  requests INTEGER NOT NULL CHECK (requests >= 0)
) STRICT;
)sql";

/// The additions of version 4. A submission time is that of the wall clock, less the shift that its
/// boot had then; boot 0 has none. A tombstone ages by running time alone.
inline constexpr const char* kCreateBoot = R"sql(
CREATE TABLE boot (
  number     INTEGER PRIMARY KEY NOT NULL,
  id         TEXT NOT NULL,
  mono_us    INTEGER NOT NULL,
  wall_us    INTEGER NOT NULL,
  shift_us   INTEGER NOT NULL,
  running_us INTEGER NOT NULL
) STRICT;

ALTER TABLE handshake ADD COLUMN boot INTEGER NOT NULL DEFAULT 0;
ALTER TABLE tombstone ADD COLUMN running_ms INTEGER NOT NULL DEFAULT 0;
DROP INDEX tombstone_finished_at;
CREATE INDEX tombstone_running ON tombstone (running_ms);
)sql";

/// The additions of version 5. `attempt` counts how often the handshake was taken up again after it
/// had ended. `signature` holds the first 16 bytes of the signature of a completed handshake, by
/// which a repeat under another id is found. `readmitted_from` is the name in rejected/ of the
/// record whose result a staged row publishes. `diverted_to` is the path of a record that another
/// file kept from its name.
inline constexpr const char* kCreateAttempts = R"sql(
ALTER TABLE handshake ADD COLUMN attempt INTEGER NOT NULL DEFAULT 0;
ALTER TABLE handshake ADD COLUMN signature BLOB;
ALTER TABLE handshake ADD COLUMN readmitted_from TEXT;
CREATE INDEX handshake_signature ON handshake (signature) WHERE signature IS NOT NULL;

ALTER TABLE tombstone ADD COLUMN tag TEXT NOT NULL DEFAULT '';
ALTER TABLE tombstone ADD COLUMN attempt INTEGER NOT NULL DEFAULT 0;
ALTER TABLE tombstone ADD COLUMN signature BLOB;
ALTER TABLE tombstone ADD COLUMN diverted_to TEXT;
CREATE INDEX tombstone_signature ON tombstone (signature) WHERE signature IS NOT NULL;
)sql";

/// The additions of version 6. `pause` has one row while an operator's pause of all polls lasts.
inline constexpr const char* kCreateOperator = R"sql(
CREATE TABLE pause (
  line  INTEGER PRIMARY KEY NOT NULL CHECK (line = 1),
  since INTEGER NOT NULL
) STRICT;

ALTER TABLE handshake ADD COLUMN is_held INTEGER NOT NULL DEFAULT 0;
)sql";

/// The index that version 7 added: operators name handshakes that have ended by their tag.
inline constexpr const char* kCreateTagIndex = R"sql(
CREATE INDEX tombstone_tag ON tombstone (tag) WHERE tag <> '';
)sql";

/// Makes a file of version 5 look like one of version 6 to a connection that only reads.
inline constexpr const char* kRead5 = R"sql(
PRAGMA temp_store = MEMORY;
CREATE TEMP TABLE pause (line, since);
CREATE TEMP VIEW handshake AS SELECT *, 0 AS is_held FROM main.handshake;
)sql";

/// Makes the tombstones of a file of a version before 5 look like those of version 5 to a
/// connection that only reads, and adds the pause of version 6.
inline constexpr const char* kReadTombstonesBefore5 = R"sql(
PRAGMA temp_store = MEMORY;
CREATE TEMP TABLE pause (line, since);
CREATE TEMP VIEW tombstone AS SELECT *, '' AS tag, 0 AS attempt, NULL AS signature,
  NULL AS diverted_to FROM main.tombstone;
)sql";

/// Does the same for the handshakes of version 4.
inline constexpr const char* kReadHandshakes4 = R"sql(
CREATE TEMP VIEW handshake AS SELECT *, 0 AS attempt, NULL AS signature, NULL AS readmitted_from,
  0 AS is_held FROM main.handshake;
)sql";

/// Does the same for the handshakes and the clocks of a version before 4.
inline constexpr const char* kReadOlder = R"sql(
CREATE TEMP TABLE boot (number, id, mono_us, wall_us, shift_us, running_us);
CREATE TEMP VIEW handshake AS SELECT *, 0 AS boot, 0 AS attempt, NULL AS signature,
  NULL AS readmitted_from, 0 AS is_held FROM main.handshake;
)sql";

/// The tables of a backup: the number of its mark in the spool, and the handshakes with a tombstone
/// whose records no consumer had removed when it was made. A queue does not need them; one that was
/// a backup once has them.
inline constexpr const char* kCreateBackup = R"sql(
DROP TABLE IF EXISTS backup;
DROP TABLE IF EXISTS waiting;

CREATE TABLE backup (
  number INTEGER NOT NULL
) STRICT;

CREATE TABLE waiting (
  id           TEXT PRIMARY KEY NOT NULL,
  tag          TEXT NOT NULL,
  submitted_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
)sql";

}  // namespace attestrd::schema
