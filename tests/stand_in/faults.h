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

/// What can go wrong with a single request.
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
  close,           ///< A good answer, then the connection ends although it said nothing of it.
  garbage,         ///< A 200 whose body is not JSON.
  slow,            ///< The answer comes in small pieces.
  chunked,         ///< The answer is chunked, which is legal.
  wrong_id,        ///< The answer is about another handshake.
  duplicate_keys,  ///< The answer has `consumed` and `result` twice, with different values.
  bad_signature,   ///< A completed answer whose signature does not hold.
};
inline constexpr std::size_t kFaultCount = static_cast<std::size_t>(Fault::bad_signature) + 1;

/// As `--fault` spells it: the code of an error, or a word. Empty for `none`.
std::string_view name_of(Fault fault);

/// The error that the fault answers with; null for the faults that are none.
const AttestrError* error_of(Fault fault);

/// Whether a client can't take the answer for what Attestr would have said without the fault.
bool spoils_answer(Fault fault);

/// The probability of each fault: by request, but for those of the account, which come in spells
/// that everybody meets.
class FaultRates {
 public:
  /// Throws std::invalid_argument, which lists the names, when there is no such fault.
  void set(std::string_view name, double probability);
  void set_all(double probability);

  /// The fault of the account in the n-th spell, or none. The spells follow a sequence of low
  /// discrepancy, so that the shares hold, and each fault is met, in a short run too.
  Fault of_account(std::uint64_t seed, std::uint64_t spell) const;

  /// The fault of a request. Each comes up independently; of several, one is taken, each with the
  /// same chance. Faults that the standing leaves without effect (a bad signature when nothing is
  /// signed) are not drawn.
  Fault draw(Rng rng, Standing standing) const;

 private:
  std::array<double, kFaultCount> probability_{};
};

}  // namespace attestrd::simulator
