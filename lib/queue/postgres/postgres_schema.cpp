#include "queue/postgres/postgres_schema.h"

#include <string>
#include <string_view>

#include "queue/postgres/postgres_connection.h"

namespace attestrd {
namespace {

constexpr std::int64_t kOldestServer = 140000;

// Times are unix times in milliseconds. `bytea` holds what may be any bytes: tags and file names.
//
// handshake: a row in `polling` belongs to the owner of its shelf, a staged one to its spool; a row
// that is done is a tombstone. `revision` grows with each change, so that a change that was decided
// on an older row is noticed. `boot_node` and `boot` name the clock by which the row was submitted,
// `ended_node` and `running_ms` the daemon that finished it and its running time then.
// `attempt` of a request is that of the handshake which it is about.
// `is_unclaimed`: another node than the owner of the shelf put the row there, and the owner does
// not know it yet. Free space in each page lets updates stay in it (HOT), and vacuum runs early
// enough that a table of a million rows keeps its size.
//
// account: the pause of the account, the instance that polls the canary in it, the pause of an
// operator, and the account whose handshakes are here (fleet/account_identity.h).
constexpr const char* kVersion1 = R"sql(
CREATE TABLE attestrd.node (
  name       text COLLATE "C" PRIMARY KEY,
  number     integer GENERATED ALWAYS AS IDENTITY UNIQUE,
  spool      uuid NOT NULL UNIQUE,
  instance   uuid NOT NULL UNIQUE,
  beat       bigint NOT NULL DEFAULT 0,
  alive      boolean NOT NULL DEFAULT true,
  boot       text NOT NULL DEFAULT '',
  weight     bigint NOT NULL DEFAULT 0,
  rate_share bigint NOT NULL DEFAULT 0,
  rate_limit double precision CHECK (rate_limit > 0),
  daily      bigint CHECK (daily >= 0),
  version    integer NOT NULL
) WITH (fillfactor = 20, autovacuum_vacuum_threshold = 200, autovacuum_vacuum_scale_factor = 0);

CREATE TABLE attestrd.writer (
  node     integer PRIMARY KEY REFERENCES attestrd.node (number),
  instance uuid NOT NULL,
  round    bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 20, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_scale_factor = 0);

CREATE TABLE attestrd.shelf (
  shelf    integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  home     integer NOT NULL REFERENCES attestrd.node (number),
  node     integer NOT NULL REFERENCES attestrd.node (number),
  instance uuid NOT NULL,
  epoch    bigint NOT NULL DEFAULT 1
);
CREATE INDEX shelf_instance ON attestrd.shelf (instance);
CREATE INDEX shelf_node ON attestrd.shelf (node);

CREATE TABLE attestrd.boot (
  node       integer NOT NULL REFERENCES attestrd.node (number),
  number     bigint NOT NULL,
  id         text NOT NULL,
  mono_us    bigint NOT NULL,
  wall_us    bigint NOT NULL,
  shift_us   bigint NOT NULL,
  running_us bigint NOT NULL,
  PRIMARY KEY (node, number)
);

CREATE TABLE attestrd.handshake (
  id              text COLLATE "C" PRIMARY KEY,
  shelf           integer NOT NULL,
  state           text COLLATE "C" NOT NULL CHECK (state IN ('polling', 'staged', 'done')),
  revision        bigint NOT NULL DEFAULT 0,
  tag             bytea NOT NULL,
  submitted_at    bigint NOT NULL,
  expiry          bigint,
  boot_node       integer NOT NULL DEFAULT 0,
  boot            bigint NOT NULL DEFAULT 0,
  polls           bigint NOT NULL DEFAULT 0,
  last_pending_at bigint,
  attempt         bigint NOT NULL DEFAULT 0,
  is_held         boolean NOT NULL DEFAULT false,
  is_unclaimed    boolean NOT NULL DEFAULT false,
  signature       bytea CHECK (length(signature) = 16),
  spool           uuid,
  outcome         text COLLATE "C",
  reason          text COLLATE "C",
  finished_at     bigint,
  length_bytes    bigint,
  sha256          bytea CHECK (length(sha256) = 32),
  readmitted_from bytea,
  diverted_to     bytea,
  ended_node      integer,
  running_ms      bigint,
  CHECK (state = 'polling' OR (outcome IS NOT NULL AND finished_at IS NOT NULL)),
  CHECK (state <> 'staged' OR (spool IS NOT NULL AND reason IS NOT NULL
    AND length_bytes IS NOT NULL AND sha256 IS NOT NULL)),
  CHECK (state <> 'done' OR (ended_node IS NOT NULL AND running_ms IS NOT NULL))
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 5000,
        autovacuum_analyze_scale_factor = 0.05, autovacuum_vacuum_cost_delay = 1);
CREATE INDEX handshake_polling ON attestrd.handshake (shelf, id) WHERE state = 'polling';
CREATE INDEX handshake_unclaimed ON attestrd.handshake (shelf, id)
  WHERE is_unclaimed AND state = 'polling';
CREATE INDEX handshake_staged ON attestrd.handshake (spool) WHERE state = 'staged';
CREATE INDEX handshake_done ON attestrd.handshake (ended_node, running_ms) WHERE state = 'done';
CREATE INDEX handshake_tag ON attestrd.handshake (tag, id) WHERE state = 'done' AND tag <> '';
CREATE INDEX handshake_signature ON attestrd.handshake (signature) WHERE signature IS NOT NULL;

CREATE TABLE attestrd.request (
  number  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  id      text COLLATE "C" NOT NULL,
  verb    text COLLATE "C" NOT NULL CHECK (verb IN ('hold', 'release', 'cancel', 'kick')),
  attempt bigint NOT NULL,
  at      bigint NOT NULL
);

CREATE TABLE attestrd.account (
  line                 integer PRIMARY KEY CHECK (line = 1),
  pause_no             bigint NOT NULL DEFAULT 0,
  reason               text COLLATE "C",
  canary               uuid,
  paused_since         bigint,
  operator_pause_since bigint,
  identity             text COLLATE "C",
  CHECK ((reason IS NULL) = (canary IS NULL))
);
INSERT INTO attestrd.account (line) VALUES (1);

CREATE TABLE attestrd.reservation (
  day      bigint NOT NULL,
  node     integer NOT NULL REFERENCES attestrd.node (number),
  requests bigint NOT NULL CHECK (requests >= 0),
  PRIMARY KEY (day, node)
);

CREATE TABLE attestrd.learnt (
  node integer PRIMARY KEY REFERENCES attestrd.node (number),
  text text NOT NULL
);
)sql";

constexpr const char* kBegin = R"sql(
CREATE SCHEMA IF NOT EXISTS attestrd;
CREATE TABLE IF NOT EXISTS attestrd.schema_version (
  line    integer PRIMARY KEY CHECK (line = 1),
  version bigint NOT NULL
);
INSERT INTO attestrd.schema_version (line, version) VALUES (1, 0) ON CONFLICT DO NOTHING;
)sql";

/// Splits SQL without quoted semicolons into statements: a pipeline has one in each step.
std::vector<std::string> statements_of(std::string_view sql) {
  std::vector<std::string> statements;
  for (std::size_t end = 0; (end = sql.find(';')) != std::string_view::npos;) {
    statements.emplace_back(sql.substr(0, end));
    sql.remove_prefix(end + 1);
  }
  return statements;
}

Result<void> execute(PostgresConnection& connection, std::string_view sql,
                     std::int64_t from_version) {
  const auto statements = statements_of(sql);
  PostgresPipeline pipeline{{"BEGIN"}};
  // Another one that upgrades at the same time waits here, and then finds no row.
  const bool is_step = from_version >= 0;
  if (is_step)
    pipeline.push_back(
        {"SELECT 1 / count(*) FROM (SELECT FROM attestrd.schema_version WHERE version = $1 "
         "FOR UPDATE) AS this",
         {std::to_string(from_version)}});
  for (const auto& statement : statements) pipeline.push_back({statement.c_str()});
  if (is_step)
    pipeline.push_back(
        {"UPDATE attestrd.schema_version SET version = $1", {std::to_string(from_version + 1)}});
  pipeline.push_back({"COMMIT"});
  const auto done = connection.run(pipeline);
  if (!done) return done.error();
  return {};
}

Error newer(const PostgresConnection& connection, std::int64_t version) {
  return fail(Errc::newer_version,
              "the tables in the database " + connection.name() + " have version " +
                  std::to_string(version) + ", made by a newer attestrd; this one knows version " +
                  std::to_string(kPostgresSchemaVersion) + ": upgrade attestrd on this machine");
}

Result<std::int64_t> read_version(PostgresConnection& connection) {
  const auto read = connection.run({{"SELECT version FROM attestrd.schema_version"}});
  if (!read) return read.error();
  const auto& rows = read->front();
  return rows.rows() == 0 ? 0 : rows.number(0, 0);
}

}  // namespace

Result<void> init_postgres(PostgresConnection& connection) {
  // PostgreSQL refuses one of two that create the same schema at once, with whatever error.
  if (!execute(connection, kBegin, -1))
    if (const auto begun = execute(connection, kBegin, -1); !begun) return begun.error();
  const auto version = read_version(connection);
  if (!version) return version.error();
  if (*version > kPostgresSchemaVersion) return newer(connection, *version);
  if (*version == 0)
    if (const auto made = execute(connection, kVersion1, 0); !made && !connection.is_conflict())
      return made.error();
  const auto checked = check_postgres(connection);
  if (!checked) return checked.error();
  return {};
}

Result<PostgresServer> check_postgres(PostgresConnection& connection) {
  const auto facts = connection.run(
      {{"SELECT current_setting('server_version_num'), pg_is_in_recovery() OR "
        "current_setting('transaction_read_only')::boolean, current_setting('server_encoding'), "
        "current_setting('synchronous_standby_names') <> '' AND "
        "current_setting('synchronous_commit') NOT IN ('off', 'local')"}});
  if (!facts) return facts.error();
  const auto& fact = facts->front();
  const PostgresServer server{fact.number(0, 0), fact.flag(0, 3)};
  const auto& name = connection.name();
  if (server.version < kOldestServer)
    return fail(Errc::invalid_config,
                "the server of the database " + name + " is older than PostgreSQL 14");
  if (fact.text(0, 2) != "UTF8")
    return fail(Errc::invalid_config, "the database " + name + " has not the encoding UTF8");
  if (fact.flag(0, 1))
    return fail(Errc::unavailable, "the database " + name + " is read-only, as a standby is");
  const auto version = read_version(connection);
  if (!version) return version.error();
  if (*version > kPostgresSchemaVersion) return newer(connection, *version);
  if (*version < kPostgresSchemaVersion)
    return fail(Errc::invalid_config, "the tables in the database " + name +
                                          " are of an older version: run `attestrd fleet init`");
  return server;
}

}  // namespace attestrd
