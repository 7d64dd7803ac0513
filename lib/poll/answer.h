#pragma once

#include <cstdint>
#include <string_view>
#include <variant>

#include "handshake/handshake_id.h"
#include "http/exchange.h"

namespace attestrd {

// What Attestr says, in the words of the API document. Views point into the body of the
// HttpResponse. `request_id` is for the log, and empty unless it is harmless there:
// [A-Za-z0-9_.:-]{1,64}. `tag` is the text between the quotes as it stands: unescape it
// (verify/json_string.h) before it is compared. A tag that is a number is its digits.

/// 200, not consumed: the user has not finished. The common case by far.
struct Pending {
  std::string_view request_id;
  std::string_view tag;
};

/// 200, consumed or archived, in whatever state its result is.
struct Ended {
  bool consumed = false;
  bool archived = false;
  std::string_view result;     ///< The raw JSON text of `result`; empty: null or absent.
  std::string_view signature;  ///< `resultSignature`, as it stands; empty: null or absent.
  std::string_view request_id;
  std::string_view tag;
};

/// 404, or 400 with code 4001 or 4002: Attestr does not know the handshake (yet).
struct Unknown {
  unsigned status = 0;
  int code = 0;  ///< 0: the body had none.
};

/// A failure of the account: every handshake would meet it.
struct AccountTrouble {
  enum class Kind : std::uint8_t {
    unauthorized,   ///< 401, 4016: the token.
    forbidden,      ///< 403: 4031, 4035, 4039 or none.
    low_credits,    ///< 4005.
    wrong_version,  ///< 40051.
    rate_limited,   ///< 429, 4291, 4292.
    daily_limit,    ///< 429, 4293.
  };
  Kind kind{};
  unsigned status = 0;
  int code = 0;
};

/// 5xx: a failure of the server.
struct ServerTrouble {
  unsigned status = 0;
  int code = 0;
};

/// The answer is not valid: see `Reason`.
struct Invalid {
  enum class Reason : std::uint8_t {
    not_json,           ///< The body of a 200 is not one JSON object in UTF-8 by RFC 8259, or it
                        ///< nests deeper than limits::kJsonDepth.
    wrong_types,        ///< A field that we use is missing or of another type than documented.
    duplicate_key,      ///< A key stands twice in one object, at any depth.
    wrong_id,           ///< `_id` is not the id that was asked.
    unexpected_status,  ///< A status that the API has no meaning for: 1xx, 2xx but 200, 3xx, other
                        ///< 4xx, or 400 with a code that is in no table.
    content_encoding,   ///< The body is compressed, though we asked for identity.
  };
  Reason reason{};
  unsigned status = 0;
  int code = 0;
  /// A complete 200 in valid JSON with the id of another handshake, or a key twice: maybe forged.
  bool looks_forged = false;
};

std::string_view name_of(AccountTrouble::Kind kind);
std::string_view name_of(Invalid::Reason reason);

using Answer = std::variant<Pending, Ended, Unknown, AccountTrouble, ServerTrouble, Invalid>;

/// Classifies the response to a poll of `asked`. Pure; allocates nothing for a pending answer.
Answer read_answer(const HttpResponse& response, const HandshakeId& asked);

}  // namespace attestrd
