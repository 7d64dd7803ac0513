#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "fleet/account_pause.h"
#include "queue/postgres/postgres_values.h"

namespace attestrd {

class PostgresConnection;

// The account that a fleet shares: its pause, and which one it is.

/// Returns the statement by which a living process brings its wish about, as a compare-and-set. It
/// belongs into the transaction of a beat, and changes nothing if another process was faster.
PostgresStatement wish_pause(const std::string& instance, const PauseWish& wish);

/// Makes the account `identity` that of the database if it has none yet. Returns the one that it
/// has then: another one means that two accounts are mixed up.
Result<std::string> claim_account(PostgresConnection& connection, const std::string& identity);

/// Returns the account of the database, or nothing if it has none yet.
Result<std::optional<std::string>> find_account(PostgresConnection& connection);

/// Lets the next daemon that starts claim the database for its account. Error: `unavailable` if a
/// node lives.
Result<void> forget_account(PostgresConnection& connection);

}  // namespace attestrd
