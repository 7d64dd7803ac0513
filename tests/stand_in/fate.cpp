#include "fate.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace attestrd::simulator {
namespace {

constexpr double kNever = std::numeric_limits<double>::infinity();

bool falls_to(const Dice& dice, Purpose purpose, double share) {
  return dice.stream(purpose).chance(share);
}

bool is_known(const FateRules& rules, const Dice& dice, std::string_view id) {
  if (!is_handshake_id(id)) return false;
  if (rules.known && !rules.known->contains(std::string(id))) return false;
  return !falls_to(dice, Purpose::unknown, rules.unknown_share);
}

/// Returns the seconds until the flow ends, without expiry of the handshake.
double completion(const FateRules& rules, const Dice& dice) {
  if (falls_to(dice, Purpose::never, rules.never_share)) return kNever;
  Rng rng = dice.stream(Purpose::completion);
  return rules.law.draw(rng);
}

double archival(const FateRules& rules, const Dice& dice, double completes_s) {
  if (!rules.archive_after_s) return kNever;
  if (!falls_to(dice, Purpose::archive, rules.archive_share)) return kNever;
  return completes_s + *rules.archive_after_s;
}

std::string seconds(double value) {
  return std::isfinite(value) ? fmt::format("{:.3f}", value) : "-";
}

}  // namespace

Fate fate_of(const FateRules& rules, std::string_view id) {
  const Dice dice(rules.seed, id);
  if (!is_known(rules, dice, id)) return {Outcome::unknown, kNever, kNever, kNever, kNever};

  const bool late = falls_to(dice, Purpose::late, rules.late_visible_share);
  const double visible_s = late ? rules.late_visible_s : 0;
  const double completes_s = std::max(visible_s, completion(rules, dice));
  if (rules.expire_after_s && completes_s > *rules.expire_after_s)
    return {Outcome::expired, visible_s, kNever, kNever, *rules.expire_after_s};
  if (completes_s == kNever) return {Outcome::never, visible_s, kNever, kNever, kNever};

  const double archived_s = archival(rules, dice, completes_s);
  const bool forged = falls_to(dice, Purpose::forged, rules.forged_share);
  const Outcome outcome = archived_s <= completes_s ? Outcome::archived
                          : forged                  ? Outcome::forged
                                                    : Outcome::completes;
  return {outcome, visible_s, completes_s, archived_s, completes_s};
}

Standing standing_at(const Fate& fate, double age_s) {
  if (age_s < fate.visible_s) return Standing::unknown;
  if (age_s >= fate.archived_s) return Standing::archived;
  if (age_s >= fate.completes_s) return Standing::completed;
  return Standing::pending;
}

std::string_view name_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::completes: return "completes";
    case Outcome::archived: return "archived";
    case Outcome::forged: return "forged";
    case Outcome::never: return "never";
    case Outcome::expired: return "expired";
    case Outcome::unknown: return "unknown";
  }
  return "unknown";
}

bool is_handshake_id(std::string_view text) {
  constexpr std::size_t kMaxLength = 64;
  if (text.empty() || text.size() > kMaxLength) return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
  });
}

std::string describe(std::string_view id, const Fate& fate) {
  return fmt::format("{} {} {} {}", id, name_of(fate.outcome), seconds(fate.ends_s),
                     seconds(fate.archived_s));
}

}  // namespace attestrd::simulator
