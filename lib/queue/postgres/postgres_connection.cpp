#include "queue/postgres/postgres_connection.h"

#include <libpq-fe.h>
#include <poll.h>
#include <time.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <iterator>
#include <tuple>
#include <utility>

#include "base/text.h"
#include "queue/postgres/postgres_error.h"

namespace attestrd {
namespace {

constexpr const char* kSystemCertificates = "/etc/ssl/certs/ca-certificates.crt";

struct FreeOptions {
  void operator()(PQconninfoOption* options) const { PQconninfoFree(options); }
};
using Options = std::unique_ptr<PQconninfoOption, FreeOptions>;

std::string option(const Options& options, std::string_view keyword) {
  for (const auto* one = options.get(); one->keyword != nullptr; ++one)
    if (one->keyword == keyword) return one->val == nullptr ? "" : one->val;
  return {};
}

std::vector<std::string> split(const std::string& list) {
  std::vector<std::string> parts{""};
  for (const char c : list) {
    if (c == ',')
      parts.emplace_back();
    else
      parts.back() += c;
  }
  return parts;
}

bool is_unix_socket(const std::string& host) {
  return host.empty() || host.front() == '/' || host.front() == '@';
}

Mono read_clock() {
  timespec now{};
  ::clock_gettime(CLOCK_BOOTTIME, &now);
  return Mono(std::chrono::seconds(now.tv_sec) +
              std::chrono::duration_cast<Duration>(std::chrono::nanoseconds(now.tv_nsec)));
}

}  // namespace

void PostgresConnection::Close::operator()(pg_conn* connection) const { PQfinish(connection); }

PostgresConnection::~PostgresConnection() = default;

Result<std::unique_ptr<PostgresConnection>> PostgresConnection::make(PostgresAddress address) {
  std::unique_ptr<PostgresConnection> connection(new PostgresConnection(std::move(address)));
  if (const auto read = connection->read_uri(); !read) return read.error();
  return connection;
}

/// Reads the hosts of the URI. libpq's messages about a URI are not shown: they contain it.
Result<void> PostgresConnection::read_uri() {
  char* message = nullptr;
  const Options options(PQconninfoParse(address_.uri.c_str(), &message));
  PQfreemem(message);
  const bool is_uri =
      address_.uri.starts_with("postgresql://") || address_.uri.starts_with("postgres://");
  if (!options || !is_uri)
    return fail(Errc::invalid_config,
                "the address of the database is not a URI of the form "
                "postgresql://user@host:port/database");
  if (!option(options, "password").empty())
    return fail(Errc::invalid_config,
                "the address of the database contains a password: move it into a file of its own");
  const auto hosts = split(option(options, "host"));
  const auto ports = split(option(options, "port"));
  if (ports.size() != 1 && ports.size() != hosts.size())
    return fail(Errc::invalid_config, "the address of the database has not one port for each host");
  for (const auto& port : ports)
    if (!std::ranges::all_of(port, is_digit))
      return fail(Errc::invalid_config, "the address of the database has a port that is no number");
  for (std::size_t i = 0; i < hosts.size(); ++i) {
    targets_.push_back({hosts[i], ports.size() == 1 ? ports[0] : ports[i]});
    name_ += (i == 0 ? "" : ",") + hosts[i];
  }
  name_ = harmless_message(name_ + "/" + option(options, "dbname"), "");
  return {};
}

/// Tries the hosts in turn, each with a deadline of its own, from the one that worked last.
Result<void> PostgresConnection::connect() {
  Result<void> connected;
  for (std::size_t i = 0; i < targets_.size(); ++i) {
    connected = connect_to(targets_[target_]);
    if (connected) return connected;
    target_ = (target_ + 1) % targets_.size();
  }
  return connected;
}

Result<void> PostgresConnection::connect_to(const Target& target) {
  const auto deadline = read_clock() + address_.connect_within;
  const bool is_local = is_unix_socket(target.host);
  const auto& ca_file = address_.ca_file;
  const char* const certificates = ca_file.empty() ? kSystemCertificates : ca_file.c_str();
  // Later values replace those of the URI.
  const std::pair<const char*, const char*> values[] = {
      {"dbname", address_.uri.c_str()},
      {"host", target.host.c_str()},
      {"port", target.port.c_str()},
      {"password", address_.password.c_str()},
      {"passfile", "/dev/null/none"},  // That of the user is not ours.
      {"sslmode", is_local ? "disable" : "verify-full"},
      {"sslrootcert", is_local ? "" : certificates},
      {"gssencmode", "disable"},
      {"target_session_attrs", "read-write"},
      {"client_encoding", "UTF8"},
      {"application_name", address_.application.c_str()},
      {"keepalives_idle", "5"},
      {"keepalives_interval", "2"},
      {"keepalives_count", "3"},
      {nullptr, nullptr}};
  const char* keywords[std::size(values)];
  const char* texts[std::size(values)];
  for (std::size_t i = 0; i < std::size(values); ++i) std::tie(keywords[i], texts[i]) = values[i];
  connection_.reset(PQconnectStartParams(keywords, texts, 1));
  if (!connection_) return fail(Errc::shortage, "no memory for a connection to " + name_);
  if (PQstatus(connection_.get()) == CONNECTION_BAD) return not_connected(target);
  // Notices of the server would go to stderr.
  PQsetNoticeReceiver(
      connection_.get(), [](void*, const PGresult*) {}, nullptr);
  if (const auto finished = finish_connecting(deadline); !finished) {
    if (!connection_) return finished;  // The deadline has passed.
    return not_connected(target);
  }
  if (PQsetnonblocking(connection_.get(), 1) != 0 || PQenterPipelineMode(connection_.get()) != 1)
    return not_connected(target);
  has_worked_ = true;
  return {};
}

Result<void> PostgresConnection::finish_connecting(Mono deadline) {
  for (;;) {
    const auto state = PQconnectPoll(connection_.get());
    if (state == PGRES_POLLING_OK) return {};
    if (state == PGRES_POLLING_FAILED) return fail(Errc::unavailable, "");
    const short events = state == PGRES_POLLING_READING ? POLLIN : POLLOUT;
    if (const auto ready = wait(events, deadline); !ready) return ready;
  }
}

Error PostgresConnection::not_connected(const Target& target) {
  const auto text = harmless_message(PQerrorMessage(connection_.get()), address_.password);
  // libpq does not pass on the SQLSTATE of a refused connection.
  const bool is_refused =
      text.find("authentication failed") != std::string::npos ||
      text.find("no password supplied") != std::string::npos ||
      text.find("no pg_hba.conf entry") != std::string::npos ||
      (text.find("FATAL") != std::string::npos && text.find("does not exist") != std::string::npos);
  connection_.reset();
  auto message = "the database " + name_ + " can't be reached at " +
                 (target.host.empty() ? "the local socket" : target.host) + ": " + text;
  return fail(is_refused && !has_worked_ ? Errc::invalid_config : Errc::unavailable,
              std::move(message));
}

Error PostgresConnection::lost(std::string_view what) {
  connection_.reset();
  return fail(Errc::unavailable, "the database " + name_ + ": " + std::string(what));
}

Result<void> PostgresConnection::wait(short events, Mono deadline) {
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - read_clock());
    if (left.count() <= 0) return lost("no answer in time");
    pollfd socket{PQsocket(connection_.get()), events, 0};
    // A suspended machine is noticed at the next of these steps.
    const int ready = ::poll(&socket, 1, static_cast<int>(std::min<long>(left.count(), 1000)));
    if (ready > 0) return {};
    if (ready < 0 && errno != EINTR) return lost("poll() failed");
  }
}

Result<std::vector<PostgresResult>> PostgresConnection::run(const PostgresPipeline& pipeline) {
  is_conflict_ = false;
  if (connection_ && PQstatus(connection_.get()) != CONNECTION_OK) connection_.reset();
  if (!connection_)
    if (const auto connected = connect(); !connected) return connected.error();
  return exchange(pipeline);
}

void PostgresConnection::roll_back() {
  if (!connection_ || PQtransactionStatus(connection_.get()) == PQTRANS_IDLE) return;
  // If that fails, the connection is closed, and the server rolls back.
  const bool is_conflict = is_conflict_;
  if (const auto done = exchange({{"ROLLBACK"}}); !done) connection_.reset();
  is_conflict_ = is_conflict;
}

Result<std::vector<PostgresResult>> PostgresConnection::exchange(const PostgresPipeline& pipeline) {
  const auto deadline = read_clock() + address_.answer_within;
  if (const auto sent = send(pipeline); !sent) return sent.error();
  if (const auto flushed = flush(deadline); !flushed) return flushed.error();
  std::vector<PostgresResult> results;
  std::optional<Error> failed;
  for (std::size_t i = 0; i <= pipeline.size(); ++i) {  // The last result is that of the sync.
    auto result = receive(deadline);
    if (result)
      results.push_back(std::move(*result));
    else if (!connection_)
      return failed.value_or(result.error());
    else if (!failed)
      failed = result.error();
  }
  if (!failed) {
    results.pop_back();
    return results;
  }
  roll_back();
  return *failed;
}

Result<void> PostgresConnection::send(const PostgresPipeline& pipeline) {
  std::vector<const char*> values;
  for (const auto& [sql, parameters] : pipeline) {
    values.clear();
    for (const auto& value : parameters) values.push_back(value ? value->c_str() : nullptr);
    if (PQsendQueryParams(connection_.get(), sql, static_cast<int>(values.size()), nullptr,
                          values.data(), nullptr, nullptr, 0) != 1)
      return lost("a statement can't be sent");
  }
  if (PQpipelineSync(connection_.get()) != 1) return lost("a statement can't be sent");
  return {};
}

/// Sends what is buffered. The server may send results meanwhile, which must be read so that it
/// does not wait for them to be taken.
Result<void> PostgresConnection::flush(Mono deadline) {
  for (;;) {
    const int left = PQflush(connection_.get());
    if (left == 0) return {};
    if (left < 0) return lost("the connection is lost");
    if (const auto ready = wait(POLLIN | POLLOUT, deadline); !ready) return ready;
    if (PQconsumeInput(connection_.get()) != 1) return lost("the connection is lost");
  }
}

/// Returns the result of the next statement. An error of the statement leaves the connection open;
/// after any other error it is closed.
Result<PostgresResult> PostgresConnection::receive(Mono deadline) {
  PGresult* last = nullptr;
  for (;;) {
    while (PQisBusy(connection_.get()) != 0) {
      if (auto ready = wait(POLLIN, deadline); !ready) {
        PQclear(last);
        return ready.error();
      }
      if (PQconsumeInput(connection_.get()) != 1) {
        PQclear(last);
        return lost("the connection is lost");
      }
    }
    PGresult* const next = PQgetResult(connection_.get());
    if (next == nullptr && last != nullptr) break;  // The end of the results of this statement.
    if (next == nullptr) return lost("an answer is missing");
    PQclear(last);
    last = next;
    if (PQresultStatus(next) == PGRES_PIPELINE_SYNC) break;
  }
  PostgresResult taken(last);
  switch (PQresultStatus(last)) {
    case PGRES_TUPLES_OK:
    case PGRES_COMMAND_OK:
    case PGRES_EMPTY_QUERY:
    case PGRES_PIPELINE_SYNC: return taken;
    case PGRES_PIPELINE_ABORTED: return fail(Errc::unavailable, "an earlier statement failed");
    default: break;
  }
  const char* const sqlstate = PQresultErrorField(last, PG_DIAG_SQLSTATE);
  is_conflict_ = sqlstate != nullptr && fault_of(sqlstate) == PostgresFault::conflict;
  auto error = statement_error(last, name_);
  // The end of the server's process follows as a lost connection.
  if (PQstatus(connection_.get()) != CONNECTION_OK) connection_.reset();
  return error;
}

}  // namespace attestrd
