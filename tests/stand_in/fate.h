#pragma once

#include "law.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>

namespace attestrd::simulator {

/// The distribution of the outcomes of all handshakes.
struct FateRules {
  std::uint64_t seed = 1;
  std::optional<std::unordered_set<std::string>> known;  ///< Absent: every well-formed id.
  Law law = Law::parse("exponential:30");
  double never_share = 0;
  double unknown_share = 0;
  double forged_share = 0;
  double late_visible_share = 0;
  double late_visible_s = 5;
  std::optional<double> expire_after_s;
  std::optional<double> archive_after_s;
  double archive_share = 1;
};

/// The outcome of a handshake for a client that polls until the end.
enum class Outcome {
  completes,  ///< A result with a valid signature.
  archived,   ///< Archived at completion: no answer has the result.
  forged,     ///< A result with an invalid signature in every answer.
  never,      ///< The person never finishes, and the handshake does not expire.
  expired,    ///< Not finished when the handshake expires; it stays not consumed from then on.
  unknown,    ///< Attestr always answers that the handshake does not exist.
};

/// The events of one handshake in seconds after its creation; infinity for those that never occur.
struct Fate {
  Outcome outcome;
  double visible_s;
  double completes_s;
  double archived_s;

  /// The time of the outcome; infinity if there is none (never, unknown).
  double ends_s = 0;
};

/// Returns the fate of a handshake. Pure: the same rules and id always give the same fate.
Fate fate_of(const FateRules& rules, std::string_view id);

/// The state of a handshake at some age.
enum class Standing { unknown, pending, completed, archived };

Standing standing_at(const Fate& fate, double age_s);

std::string_view name_of(Outcome outcome);

/// Returns whether the text matches `[A-Za-z0-9_-]{1,64}`.
bool is_handshake_id(std::string_view text);

/// Returns one line of `--fates`: `id outcome seconds archived_after_seconds`, with `-` for events
/// that never occur.
std::string describe(std::string_view id, const Fate& fate);

}  // namespace attestrd::simulator
