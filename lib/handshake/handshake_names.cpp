#include "handshake/handshake_names.h"

#include <algorithm>
#include <array>

namespace attestrd {
namespace {

constexpr std::array kOutcomes = {Outcome::completed, Outcome::archived, Outcome::failed,
                                  Outcome::rejected};
constexpr std::array kReasons = {
    Reason::none,     Reason::not_found,     Reason::expired,      Reason::unreachable,
    Reason::wrong_id, Reason::duplicate_key, Reason::tag_mismatch, Reason::invalid_signature,
    Reason::replayed, Reason::cancelled};

template <class Values>
std::optional<typename Values::value_type> named(const Values& values, std::string_view name) {
  const auto found = std::ranges::find(values, name, [](auto value) { return name_of(value); });
  if (found == values.end()) return std::nullopt;
  return *found;
}

}  // namespace

std::optional<Outcome> outcome_named(std::string_view name) { return named(kOutcomes, name); }

std::optional<Reason> reason_named(std::string_view name) { return named(kReasons, name); }

}  // namespace attestrd
