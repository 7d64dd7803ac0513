#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

struct pg_result;

namespace attestrd {

/// The kinds of failed statements, by what may be done afterwards.
enum class PostgresFault {
  conflict,     ///< Another transaction was in the way: the transaction may be tried again at once.
  unavailable,  ///< The server can't be used now, or it is unknown whether it committed.
  refused,      ///< The server does not know the user, or does not let it in.
  final,        ///< It can't succeed until a person changes something.
};

/// Classifies a SQLSTATE (PostgreSQL, Appendix A).
PostgresFault fault_of(std::string_view sqlstate);

/// Returns the error of a statement that failed. Its message has the server's primary message and
/// SQLSTATE, and neither DETAIL nor CONTEXT, which can contain the values of a row. `server` names
/// the database.
Error statement_error(const pg_result* result, const std::string& server);

/// Returns the one-line text of libpq's message, with every occurrence of `password` replaced.
std::string harmless_message(std::string_view message, std::string_view password);

}  // namespace attestrd
