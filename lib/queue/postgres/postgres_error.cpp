#include "queue/postgres/postgres_error.h"

#include <libpq-fe.h>

#include <initializer_list>

#include "base/escape.h"

namespace attestrd {
namespace {

bool is_one_of(std::string_view sqlstate, std::initializer_list<std::string_view> states) {
  for (const auto state : states)
    if (sqlstate == state) return true;
  return false;
}

std::string field(const PGresult* result, int code) {
  const char* const text = PQresultErrorField(result, code);
  return text == nullptr ? std::string() : std::string(text);
}

/// Returns what to do about a final error; empty: nothing better than the server's own words.
std::string_view advice_for(std::string_view sqlstate) {
  if (is_one_of(sqlstate, {"42P01", "3F000", "42703"}))
    return ": the tables of attestrd are missing or old: run `attestrd fleet init`";
  if (sqlstate == "42501")
    return ": give the user of the database what `attestrd fleet init` needs";
  return "";
}

}  // namespace

PostgresFault fault_of(std::string_view sqlstate) {
  // Serialization failure, deadlock, lock timeout, and the division by zero by which our own
  // statements end a transaction whose rows have changed meanwhile.
  if (is_one_of(sqlstate, {"40001", "40P01", "22012"})) return PostgresFault::conflict;
  if (sqlstate.starts_with("28") || sqlstate == "3D000") return PostgresFault::refused;
  // Connection exceptions, shortage of resources (a full disk too), intervention of an operator,
  // errors of the server's system, and a transaction that the server ended: all of them pass.
  for (const std::string_view kind : {"08", "53", "57", "58"})
    if (sqlstate.starts_with(kind)) return PostgresFault::unavailable;
  if (is_one_of(sqlstate, {"25006", "25P02", "25P03", "40003", "55P03", "25P04"}))
    return PostgresFault::unavailable;
  return PostgresFault::final;
}

Error statement_error(const PGresult* result, const std::string& server) {
  const auto sqlstate = field(result, PG_DIAG_SQLSTATE);
  // The message of a data exception contains the value.
  const auto text =
      sqlstate.starts_with("22") ? "it refuses a value" : field(result, PG_DIAG_MESSAGE_PRIMARY);
  auto message = "the database " + server + ": " + harmless_message(text, "") + " (SQLSTATE " +
                 (sqlstate.empty() ? "unknown" : sqlstate) + ")";
  if (sqlstate == "53100") message += ": the disk of the database server is full";
  if (sqlstate == "25006") message += ": it is read-only, as a standby is";
  // A result without a state was made by libpq: the connection is lost.
  if (sqlstate.empty()) return fail(Errc::unavailable, std::move(message));
  switch (fault_of(sqlstate)) {
    case PostgresFault::conflict:
    case PostgresFault::unavailable: return fail(Errc::unavailable, std::move(message));
    case PostgresFault::refused: return fail(Errc::invalid_config, std::move(message));
    case PostgresFault::final: break;
  }
  message += advice_for(sqlstate);
  if (sqlstate == "42501") return fail(Errc::permission_denied, std::move(message));
  const bool is_schema = sqlstate.starts_with("42") || sqlstate == "3F000";
  return fail(is_schema ? Errc::invalid_config : Errc::io_failure, std::move(message));
}

std::string harmless_message(std::string_view message, std::string_view password) {
  std::string text(message);
  constexpr std::string_view kHidden = "***";
  auto at = password.empty() ? std::string::npos : text.find(password);
  for (; at != std::string::npos; at = text.find(password, at + kHidden.size()))
    text.replace(at, password.size(), kHidden);
  while (text.ends_with('\n')) text.pop_back();
  for (char& c : text)
    if (c == '\n' || c == '\t') c = ' ';
  return escaped(text, kLogEscapes);
}

}  // namespace attestrd
