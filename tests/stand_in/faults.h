#pragma once

#include "attestr_error.h"
#include "dice.h"
#include "fate.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace attestrd::simulator {

/// The faults of a single request.
enum class Fault {
  none,
  malformed,
  not_found,
  no_such_version,
  low_credits,
  bad_token,
  unauthorized,
  not_provisioned,
  address_not_listed,
  account_rate,
  api_rate,
  daily_limit,
  server_error,
  bad_gateway,
  unavailable,
  reset,           ///< A TCP RST in the middle of the answer.
  hang,            ///< No answer; the connection is held.
  truncate,        ///< The connection ends in the middle of the body.
  close,           ///< A good answer without `Connection: close`, then the connection ends.
  garbage,         ///< A 200 whose body is not JSON.
  slow,            ///< The answer comes in small pieces.
  chunked,         ///< The answer is chunked, which is legal.
  wrong_id,        ///< The answer has the id of another handshake.
  duplicate_keys,  ///< The answer has `consumed` and `result` twice, with different values.
  bad_signature,   ///< A completed answer with an invalid signature.
};
inline constexpr std::size_t kFaultCount = static_cast<std::size_t>(Fault::bad_signature) + 1;

/// Returns the name for `--fault`: the code of an error, or a word. Empty for `none`.
std::string_view name_of(Fault fault);

/// Returns the error of the answer; null for faults that are no error.
const AttestrError* error_of(Fault fault);

/// Returns whether the fault prevents a client from using the answer.
bool spoils_answer(Fault fault);

/// The probability of each fault: by request, except for faults of the account, which occur in
/// spells that affect all requests.
class FaultRates {
 public:
  /// Throws std::invalid_argument with the list of names if there is no such fault.
  void set(std::string_view name, double probability);
  void set_all(double probability);

  /// Returns the fault of the account in the n-th spell, or none. The spells follow a
  /// low-discrepancy sequence, so that a short run has the right shares and every fault too.
  Fault of_account(std::uint64_t seed, std::uint64_t spell) const;

  /// Returns the fault of a request. Each is drawn independently; of several, one is selected with
  /// equal probability. Faults without effect in this standing (a bad signature when nothing is
  /// signed) are not drawn.
  Fault draw(Rng rng, Standing standing) const;

 private:
  std::array<double, kFaultCount> probability_{};
};

}  // namespace attestrd::simulator
