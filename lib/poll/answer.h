#pragma once

#include <cstdint>
#include <string_view>
#include <variant>

#include "handshake/handshake_id.h"
#include "http/exchange.h"

namespace attestrd {

// The answers of Attestr, in the terms of the API document. Views point into the body of the
// HttpResponse. `request_id` is for the log, and empty unless it is a UUID. `tag` is the raw text
// between the quotes: unescape it (json/json_string.h) before comparing it. A tag that is a number
// is given as its JSON text.

/// 200 or 203, not consumed: the user has not finished. By far the most common answer.
struct Pending {
  std::string_view request_id;
  std::string_view tag;
};

/// 200 or 203, consumed or archived, with or without a result.
struct Ended {
  bool consumed = false;
  bool archived = false;
  std::string_view result;     ///< The raw JSON text of `result`; empty if null or absent.
  std::string_view signature;  ///< The raw text of `resultSignature`; empty if null or absent.
  std::string_view request_id;
  std::string_view tag;
};

/// 400 or 404 with code 4001 or 4002 in JSON: Attestr does not know the handshake (yet).
struct Unknown {
  unsigned status = 0;
  int code = 0;
};

/// A failure of the account, which affects every handshake.
struct AccountTrouble {
  enum class Kind : std::uint8_t {
    unauthorized,   ///< 401, 4016: the token is not accepted.
    forbidden,      ///< 403, 4031, 4035, 4039.
    low_credits,    ///< 4005.
    wrong_version,  ///< 40051.
    rate_limited,   ///< 429, 4291, 4292.
    daily_limit,    ///< 429, 4293.
  };
  Kind kind{};
  unsigned status = 0;
  int code = 0;
};

/// 5xx, or a 404 that is not Attestr's own: a failure of the server, or of a proxy before it.
struct ServerTrouble {
  unsigned status = 0;
  int code = 0;
};

/// An answer that is not valid: see `Reason`.
struct Invalid {
  enum class Reason : std::uint8_t {
    not_json,           ///< The body of a 200 is not one JSON object in UTF-8 by RFC 8259, or it
                        ///< nests deeper than limits::kJsonDepth.
    wrong_types,        ///< A field that is needed is missing or of another type than documented.
    duplicate_key,      ///< An object has a key twice, at any depth, or the answer has a twin of a
                        ///< documented key: see scan_object().
    wrong_id,           ///< `_id` is not the id that was polled.
    unexpected_status,  ///< A status that the API gives no meaning: 2xx but 200 and 203, 3xx,
                        ///< other 4xx, or 400 with a code that is in no table.
    content_encoding,   ///< The body is compressed, although the request demands identity.
  };
  Reason reason{};
  unsigned status = 0;
  int code = 0;
  /// True for a complete 200 that has the id of another handshake or a duplicate key: it may be
  /// forged.
  bool looks_forged = false;
};

std::string_view name_of(AccountTrouble::Kind kind);
std::string_view name_of(Invalid::Reason reason);

using Answer = std::variant<Pending, Ended, Unknown, AccountTrouble, ServerTrouble, Invalid>;

/// Classifies the response to a poll of `asked`. It is pure, and allocates nothing for a pending
/// answer.
Answer read_answer(const HttpResponse& response, const HandshakeId& asked);

}  // namespace attestrd
