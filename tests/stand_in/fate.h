#pragma once

#include "law.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>

namespace attestrd::simulator {

/// What the fates of all handshakes are drawn from.
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

/// How a handshake ends for one who asks for it patiently.
enum class Outcome {
  completes,  ///< A result with a good signature.
  archived,   ///< Archived the instant it completes: nobody ever sees the result.
  forged,     ///< A result whose signature never holds.
  never,      ///< The person never finishes, and the handshake does not expire.
  expired,    ///< Not finished when the handshake expires; it stays not consumed from then on.
  unknown,    ///< Attestr says for ever that there is no such handshake.
};

/// The life of one handshake, in seconds of its age; infinity where it does not come to that.
struct Fate {
  Outcome outcome;
  double visible_s;
  double completes_s;
  double archived_s;

  /// When the outcome comes about; infinity when it never does (never, unknown).
  double ends_s = 0;
};

/// Pure: the same rules and id always give the same fate.
Fate fate_of(const FateRules& rules, std::string_view id);

/// What Attestr knows of a handshake at some age.
enum class Standing { unknown, pending, completed, archived };

Standing standing_at(const Fate& fate, double age_s);

std::string_view name_of(Outcome outcome);

/// `[A-Za-z0-9_-]{1,64}`.
bool is_handshake_id(std::string_view text);

/// One line of `--fates`: `id outcome seconds archived_after_seconds`, `-` for what never happens.
std::string describe(std::string_view id, const Fate& fate);

}  // namespace attestrd::simulator
