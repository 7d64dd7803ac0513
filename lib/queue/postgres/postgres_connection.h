#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "queue/postgres/postgres_values.h"

struct pg_conn;

namespace attestrd {

/// How a database is reached.
struct PostgresAddress {
  std::string uri;       ///< postgresql://user@host:port,host:port/database, without a password.
  std::string password;  ///< Empty: none.
  /// A file of certificates in PEM that must vouch for the server; empty: those of the system.
  std::string ca_file;
  std::string application = "attestrd";  ///< The name that the server shows (pg_stat_activity).
  Duration connect_within = std::chrono::seconds(3);  ///< For each host of the URI.
  Duration answer_within = std::chrono::seconds(10);  ///< For the answer to a pipeline.
};

/// A connection to PostgreSQL that is made when it is needed first, and made anew after a failure.
/// A host is reached over TLS that verifies its name, or over a unix socket.
///
/// A call waits for the server, at most until its deadline by CLOCK_BOOTTIME; the look-up of a host
/// name may wait longer. So it must not be used on the event loop. When a deadline passes or
/// anything but an error of SQL happens, the socket is closed: the server may still execute what it
/// has received, and the next connection must not assume that it did not.
///
/// Works through PgBouncer in transaction mode: statements are unnamed, and no setting outlives a
/// transaction.
///
/// Errors: `unavailable` if the server can't be reached, has not answered in time or can't do it
/// now; `invalid_config` and `permission_denied` if a person must change something first. A user
/// whom the server refuses is `invalid_config` at first, and `unavailable` after an earlier
/// connection has worked: a password may be replaced while daemons run. No message contains the
/// password or a value of a row.
class PostgresConnection {
 public:
  /// `invalid_config`: the URI can't be used.
  static Result<std::unique_ptr<PostgresConnection>> make(PostgresAddress address);
  ~PostgresConnection();

  /// Sends all statements at once, and returns one result for each. At an error none of the later
  /// statements is executed; a transaction that was begun is rolled back. Statements outside of
  /// BEGIN and COMMIT are one transaction.
  Result<std::vector<PostgresResult>> run(const PostgresPipeline& pipeline);

  /// Rolls back the transaction that was begun, if there is one.
  void roll_back();

  /// Returns whether the last run() failed because another transaction was in the way: its own
  /// transaction was rolled back, and may be tried again.
  bool is_conflict() const { return is_conflict_; }

  /// Returns the hosts and the name of the database, for messages.
  const std::string& name() const { return name_; }
  Duration answer_within() const { return address_.answer_within; }

 private:
  struct Target {
    std::string host;
    std::string port;
  };
  struct Close {
    void operator()(pg_conn* connection) const;
  };

  explicit PostgresConnection(PostgresAddress address) : address_(std::move(address)) {}

  Result<void> read_uri();
  Result<void> connect();
  Result<void> connect_to(const Target& target);
  Result<void> finish_connecting(Mono deadline);
  Error not_connected(const Target& target);
  Result<std::vector<PostgresResult>> exchange(const PostgresPipeline& pipeline);
  Result<void> send(const PostgresPipeline& pipeline);
  Result<PostgresResult> receive(Mono deadline);
  Result<void> flush(Mono deadline);
  Result<void> wait(short events, Mono deadline);
  Error lost(std::string_view what);

  PostgresAddress address_;
  std::vector<Target> targets_;
  std::size_t target_ = 0;  ///< The index of the one that worked last.
  std::string name_;
  std::unique_ptr<pg_conn, Close> connection_;
  bool has_worked_ = false;
  bool is_conflict_ = false;
};

}  // namespace attestrd
