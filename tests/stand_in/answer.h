#pragma once

#include "attestr_error.h"
#include "dice.h"
#include "fate.h"
#include "faults.h"
#include "signing.h"
#include "spelled_json.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace attestrd::simulator {

/// The style of the answers of this run.
struct AnswerStyle {
  std::string secret;
  SigningForm form = SigningForm::raw;
  Layout layout = Layout::compact;
  std::size_t result_bytes = 4096;
  bool archived_in_seconds = false;  ///< false: in milliseconds.
};

/// The state of a handshake in one answer.
struct HandshakeView {
  std::string_view id;
  std::string_view tag;
  Standing standing = Standing::pending;
  std::int64_t archived_unix_ms = 0;  ///< Used only if archived.
  bool forged = false;                ///< The signature is made without the secret.
  std::uint64_t turn = 0;             ///< The n-th answer about this handshake.
};

/// Returns the body of a 200: the keys of the Execution Result API, in the order of its sample. The
/// faults wrong_id, duplicate_keys, bad_signature and garbage change it; others have no effect on
/// it. Pure: the same arguments give the same bytes.
std::string answer_body(const HandshakeView& view, const Dice& dice, const AnswerStyle& style,
                        Fault fault = Fault::none);

/// Returns `{"code": n, "message": s, "details": s}`; `details` is omitted if empty.
std::string error_body(const AttestrError& error, std::string_view details = {});

/// Returns the tag of a handshake without a given one: six digits, a function of the id.
std::string tag_of(std::string_view id);

}  // namespace attestrd::simulator
